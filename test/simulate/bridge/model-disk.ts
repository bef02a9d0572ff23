import { dirname } from 'node:path'
import { type AppendFile, type Disk, releasedSuffix } from '../../../bridge/spool/disk.ts'
import type { Chance } from './chance.ts'
import type { Life, Time } from './time.ts'

interface Inode {
  /** What processes read. */
  content: Buffer
  /** What remains after a power cut. */
  durable: Buffer
  /** Byte ranges [from, to) that are written but not synced. */
  dirty: [number, number][]
}

/** Returns a disk error like Node's. */
function failure(code: 'ENOSPC' | 'EIO' | 'ENOENT' | 'EEXIST', path: string): Error {
  return Object.assign(new Error(`${code}: simulated, ${path}`), { code })
}

/**
 * A file system in memory that outlives the bridge's processes. A power cut may lose any part of the content and names that
 * were not synced. A failed sync discards the data it should have written, as Linux does.
 */
export class ModelDisk {
  readonly #time: Time
  readonly #chance: Chance
  #names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()
  isFull = false
  syncMs = 0
  failNextSync = false
  /** Called with bytes that a sync has made durable. */
  onDurable: (path: string, bytes: Buffer) => void = () => undefined
  /** If set, called in the middle of the next append, to kill the process. */
  tearNextWrite: (() => void) | undefined

  constructor(time: Time, chance: Chance) {
    this.#time = time
    this.#chance = chance
  }

  /** Returns the file system for one process. */
  forProcess(life: Life): Disk {
    const pass = (ms = 0) => this.#time.pass(this.#chance.between(0.02, 0.4) + ms, life)
    return {
      makeFolder: () => pass(),
      list: async (folder) => {
        await pass()
        return this.list(folder)
      },
      read: async (path) => {
        await pass()
        return Buffer.from(this.#inode(path).content)
      },
      readInto: async (path, offset, bytes) => {
        await pass()
        return this.#inode(path).content.copy(bytes, 0, offset, offset + bytes.length)
      },
      create: async (path) => {
        await pass()
        if (this.isFull) throw failure('ENOSPC', path)
        if (this.#names.has(path)) throw failure('EEXIST', path)
        const inode: Inode = { content: Buffer.alloc(0), durable: Buffer.alloc(0), dirty: [] }
        this.#names.set(path, inode)
        await pass(this.syncMs)
        this.#durableNames.set(path, inode)
        return this.#appendFile(path, inode, pass)
      },
      truncateAndSync: async (path, length) => {
        const inode = this.#inode(path)
        inode.content = inode.content.subarray(0, length)
        await pass(this.syncMs)
        this.#sync(path, inode, true)
      },
      replace: async (path, bytes) => {
        await pass()
        if (this.isFull) throw failure('ENOSPC', path)
        await pass(this.syncMs)
        if (this.#takeSyncFailure()) throw failure('EIO', path)
        const content = Buffer.from(bytes)
        const inode: Inode = { content, durable: content, dirty: [] }
        this.#names.set(path, inode)
        await pass()
        this.#durableNames.set(path, inode)
      },
      remove: async (path) => {
        await pass()
        this.#names.delete(path)
      },
      removeGradually: async (path) => {
        await pass()
        const inode = this.#inode(path)
        const released = path + releasedSuffix
        this.#names.delete(path)
        this.#names.set(released, inode)
        await pass()
        inode.content = inode.content.subarray(0, this.#chance.whole(0, inode.content.length))
        await pass()
        this.#names.delete(released)
      },
    }
  }

  #appendFile(path: string, inode: Inode, pass: (ms?: number) => Promise<void>): AppendFile {
    return {
      append: async (bytes) => {
        const tear = this.tearNextWrite
        const part = tear || this.isFull ? this.#chance.whole(0, bytes.length) : bytes.length
        const from = inode.content.length
        inode.content = Buffer.concat([inode.content, bytes.subarray(0, part)])
        inode.dirty.push([from, from + part])
        if (tear) {
          this.tearNextWrite = undefined
          tear()
        }
        await pass()
        if (part < bytes.length) throw failure('ENOSPC', path)
      },
      datasync: async () => {
        const upTo = inode.dirty.length
        await pass(this.syncMs)
        this.#sync(path, inode, false, upTo)
      },
      truncate: async (length) => {
        await pass()
        inode.content = inode.content.subarray(0, length)
      },
      close: () => pass(),
    }
  }

  #sync(path: string, inode: Inode, isWhole: boolean, upTo = inode.dirty.length): void {
    const ranges = isWhole ? [[0, inode.content.length] as [number, number]] : inode.dirty.splice(0, upTo)
    if (isWhole) inode.dirty = []
    if (this.#takeSyncFailure()) throw failure('EIO', path)
    this.#write(inode, ranges)
    if (!isWhole) for (const [from, to] of ranges) this.onDurable(path, inode.content.subarray(from, to))
    inode.durable = inode.durable.subarray(0, inode.content.length)
  }

  #write(inode: Inode, ranges: [number, number][]): void {
    for (const [from, to] of ranges) {
      const end = Math.min(to, inode.content.length)
      if (end <= from) continue
      const grown = Buffer.alloc(Math.max(inode.durable.length, end))
      inode.durable.copy(grown)
      inode.content.copy(grown, from, from, end)
      inode.durable = grown
    }
  }

  #takeSyncFailure(): boolean {
    const fails = this.failNextSync
    this.failNextSync = false
    return fails
  }

  /** Cuts the power: any part of the unsynced data may have reached the disk. */
  cutPower(): void {
    const names = new Map(this.#durableNames)
    for (const [path, inode] of this.#names) if (!names.has(path) && this.#chance.in(0.5)) names.set(path, inode)
    for (const [path] of names) if (!this.#names.has(path) && this.#chance.in(0.5)) names.delete(path)
    for (const inode of new Set(names.values())) {
      for (const [from, to] of inode.dirty.splice(0)) {
        if (this.#chance.in(0.5)) this.#write(inode, [[from, this.#chance.whole(from, to + 1)]])
      }
      inode.content = inode.durable
    }
    this.#names = names
    this.#durableNames = new Map(names)
  }

  /** Handles the death of the process only: the kernel still writes all of its data to disk. */
  syncAll(): void {
    for (const inode of this.#names.values()) {
      inode.durable = inode.content
      inode.dirty = []
    }
    this.#durableNames = new Map(this.#names)
  }

  list(folder: string): string[] {
    return [...this.#names.keys()]
      .filter((path) => dirname(path) === folder)
      .map((path) => path.slice(folder.length + 1))
  }

  content(path: string): Buffer {
    return this.#inode(path).content
  }

  /** Replaces a file's bytes, as a fault of the disk would. */
  damage(path: string, content: Buffer): void {
    const inode = this.#inode(path)
    inode.content = content
    inode.durable = content
  }

  get paths(): string[] {
    return [...this.#names.keys()]
  }

  #inode(path: string): Inode {
    const inode = this.#names.get(path)
    if (!inode) throw failure('ENOENT', path)
    return inode
  }
}
