import { basename, dirname } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { CdrFolder, FileStatus, ReadableFile } from '../../../bridge/asterisk/cdr-folder.ts'
import type { Chance } from './chance.ts'
import type { Life, Time } from './time.ts'

interface Inode {
  number: number
  content: Buffer
  writtenMs: number
}

/** The folder of the CDR file. Asterisk and log rotation write it; the bridge reads it. */
export class ModelFolder {
  readonly #time: Time
  readonly #chance: Chance
  readonly #files = new Map<string, Inode>()
  readonly #watchers = new Set<() => void>()
  readonly #freeNumbers: number[] = []
  #numbers = 100

  constructor(time: Time, chance: Chance) {
    this.#time = time
    this.#chance = chance
  }

  append(path: string, bytes: Buffer): void {
    let inode = this.#files.get(path)
    if (!inode) {
      // File systems reuse the inode number of a removed file.
      inode = { number: this.#freeNumbers.pop() ?? this.#newNumber(), content: Buffer.alloc(0), writtenMs: 0 }
      this.#files.set(path, inode)
    }
    inode.content = Buffer.concat([inode.content, bytes])
    inode.writtenMs = this.#time.wallMs + this.#time.nowMs
    this.#changed()
  }

  #newNumber(): number {
    this.#numbers += 1
    return this.#numbers
  }

  /** Rotates as logrotate does: `path.N` becomes `path.N+1`, at most `keep` files, and `path` is renamed or copied to `path.1`. */
  rotate(path: string, { keep, by, compress }: { keep: number; by: 'rename' | 'copy'; compress: boolean }): void {
    const name = (turn: number) => [`${path}.${turn}`, `${path}.${turn}.gz`]
    for (const old of name(keep)) this.#remove(old)
    for (let turn = keep - 1; turn > 0; turn -= 1) {
      for (const [index, old] of name(turn).entries()) this.#move(old, name(turn + 1)[index] as string)
    }
    const inode = this.#files.get(path)
    if (!inode) return
    const first = `${path}.1`
    if (by === 'rename') this.#move(path, first)
    else {
      this.#numbers += 1
      this.#files.set(first, { ...inode, number: this.#numbers })
      inode.content = Buffer.alloc(0)
      inode.writtenMs = this.#time.wallMs + this.#time.nowMs
    }
    if (compress) this.#compress(first)
    this.#changed()
  }

  #compress(path: string): void {
    const inode = this.#files.get(path)
    if (!inode) return
    this.#numbers += 1
    // gzip creates a new file with the old modification time.
    this.#files.set(`${path}.gz`, { ...inode, number: this.#numbers, content: gzipSync(inode.content, { level: 1 }) })
    this.#files.delete(path)
  }

  #move(from: string, to: string): void {
    const inode = this.#files.get(from)
    if (!inode) return
    this.#files.delete(from)
    this.#files.set(to, inode)
  }

  #remove(path: string): void {
    const inode = this.#files.get(path)
    if (inode) this.#freeNumbers.push(inode.number)
    this.#files.delete(path)
  }

  /** Notifies watchers of a change, but not always: file systems lose notifications. */
  #changed(): void {
    for (const watcher of this.#watchers) if (this.#chance.in(0.8)) watcher()
  }

  /** Returns the folder for one process. */
  forProcess(life: Life): CdrFolder {
    const pass = () => this.#time.pass(this.#chance.between(0.01, 0.3), life)
    const statusOf = (inode: Inode, size = inode.content.length): FileStatus => ({
      id: String(inode.number),
      size,
      writtenMs: inode.writtenMs,
    })
    return {
      open: async (path) => {
        await pass()
        const inode = this.#files.get(path)
        if (!inode) return undefined
        const content = () => inode.content
        const plain = path.endsWith('.gz') ? gunzipSync(inode.content) : undefined
        return readable(plain ? () => plain : content, pass, (size) => statusOf(inode, size))
      },
      status: async (path) => {
        await pass()
        const inode = this.#files.get(path)
        return inode && statusOf(inode)
      },
      list: async (folder) => {
        await pass()
        return [...this.#files.keys()].filter((path) => dirname(path) === folder).map((path) => basename(path))
      },
      watch: (_folder, onChange) => {
        const watcher = () => void this.#time.after(0.1, onChange, life)
        this.#watchers.add(watcher)
        return () => this.#watchers.delete(watcher)
      },
    }
  }
}

function readable(
  content: () => Buffer,
  pass: () => Promise<void>,
  status: (size: number) => FileStatus,
): ReadableFile {
  return {
    async read(offset, buffer) {
      await pass()
      return offset < content().length ? content().copy(buffer, 0, offset) : 0
    },
    async status() {
      await pass()
      return status(content().length)
    },
    close: pass,
  }
}
