import type { Stats } from 'node:fs'
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { errorCode } from '../failure.ts'
import type { Fingerprint } from './cdr-checkpoint.ts'

/** Two lines of JSON: the second differs from any other file's by its time and its channels' numbers. */
const fingerprintBytesMax = 1024

/** A file as it was when it was last written. */
export interface FileVersion {
  /** Of the inode and the time: an inode alone is used again. */
  id: string
  /** Unix milliseconds. */
  writtenMs: number
}

function versionOf({ dev, ino, mtimeMs }: Stats): FileVersion {
  return { id: `${dev}:${ino}:${mtimeMs}`, writtenMs: mtimeMs }
}

/** One open file that holds call detail records: the one Asterisk writes, or one that was rotated away. */
export class CdrSource {
  readonly path: string
  readonly #handle: FileHandle
  #cached: Fingerprint = { bytes: 0, crc: 0 }

  private constructor(path: string, handle: FileHandle) {
    this.path = path
    this.#handle = handle
  }

  /** `undefined` if there is no such file. */
  static async open(path: string): Promise<CdrSource | undefined> {
    try {
      const handle = await open(path, 'r')
      if ((await handle.stat()).isFile()) return new CdrSource(path, handle)
      await handle.close()
      throw Object.assign(new Error(`${path} is not a file`), { code: 'EISDIR' })
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined
      throw error
    }
  }

  async read(offset: number, buffer: Buffer): Promise<Buffer> {
    const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, offset)
    return buffer.subarray(0, bytesRead)
  }

  /** The fingerprint for a position at `offset`: of bytes that were read, and so do not change. */
  async fingerprint(offset: number): Promise<Fingerprint> {
    const bytes = Math.min(offset, fingerprintBytesMax)
    if (this.#cached.bytes !== bytes) this.#cached = { bytes, crc: await this.#crc(bytes) }
    return this.#cached
  }

  /** False once the content before `offset` is not what it was: the file was cut, and perhaps written anew. */
  async holds(fingerprint: Fingerprint, offset: number): Promise<boolean> {
    const { size } = await this.#handle.stat()
    return size >= offset && (await this.#crc(fingerprint.bytes)) === fingerprint.crc
  }

  async #crc(bytes: number): Promise<number> {
    const head = await this.read(0, Buffer.alloc(bytes))
    return head.length === bytes ? crc32(head) : -1
  }

  /** Whether the file still has the name it was opened by. */
  async isAt(path: string): Promise<boolean> {
    const own = await this.#handle.stat()
    const named = await stat(path).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return undefined
      throw error
    })
    return named !== undefined && named.ino === own.ino && named.dev === own.dev
  }

  async version(): Promise<FileVersion> {
    return versionOf(await this.#handle.stat())
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }
}

/** A directory of logs holds tens of files; more than this is not searched. */
const siblingsMax = 1000
const compressed = /\.(gz|xz|bz2|zst|new)$/

/** Files that a rotation of `path` may have left (`cdr.jsonl.1`, `cdr.jsonl-20261124`), oldest first, uncompressed. */
export async function rotatedSiblings(path: string): Promise<(FileVersion & { path: string })[]> {
  const name = basename(path)
  const names = (await readdir(dirname(path))).filter(
    (other) => (other.startsWith(`${name}.`) || other.startsWith(`${name}-`)) && !compressed.test(other),
  )
  const found: (FileVersion & { path: string })[] = []
  for (const sibling of names.slice(0, siblingsMax)) {
    const file = join(dirname(path), sibling)
    const status = await stat(file).catch(() => undefined)
    if (status?.isFile()) found.push({ path: file, ...versionOf(status) })
  }
  return found.sort((a, b) => a.writtenMs - b.writtenMs)
}
