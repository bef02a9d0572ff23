import { basename, dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Fingerprint, Position } from './cdr-checkpoint.ts'
import type { CdrFolder, FileStatus, ReadableFile } from './cdr-folder.ts'

/** Two lines of JSON. Time and channel names of the second differ from those in any other file. */
const fingerprintBytesMax = 1024

/** One open file of call detail records: the one that Asterisk writes, or a rotated one. */
export class CdrSource {
  readonly path: string
  readonly #folder: CdrFolder
  readonly #file: ReadableFile
  #cached: Fingerprint = { bytes: 0, crc: 0 }

  private constructor(path: string, folder: CdrFolder, file: ReadableFile) {
    this.path = path
    this.#folder = folder
    this.#file = file
  }

  /** Returns `undefined` if there is no such file. */
  static async open(folder: CdrFolder, path: string): Promise<CdrSource | undefined> {
    const file = await folder.open(path)
    return file && new CdrSource(path, folder, file)
  }

  async read(offset: number, buffer: Buffer): Promise<Buffer> {
    return buffer.subarray(0, await this.#file.read(offset, buffer))
  }

  /** Returns the fingerprint for a position at `offset`. It covers only bytes before the offset, which do not change. */
  async fingerprint(offset: number): Promise<Fingerprint> {
    const bytes = Math.min(offset, fingerprintBytesMax)
    if (this.#cached.bytes !== bytes) this.#cached = { bytes, crc: await this.#crc(bytes) }
    return this.#cached
  }

  /** Returns false if the content before `offset` has changed: the file was truncated, and perhaps rewritten. */
  async holds({ fingerprint, offset }: Position): Promise<boolean> {
    const { size } = await this.#file.status()
    return size >= offset && (await this.#crc(fingerprint.bytes)) === fingerprint.crc
  }

  async #crc(bytes: number): Promise<number> {
    const head = await this.read(0, Buffer.alloc(bytes))
    return head.length === bytes ? crc32(head) : -1
  }

  /** Returns whether the file has this name. */
  async isAt(path: string): Promise<boolean> {
    const [own, named] = await Promise.all([this.#file.status(), this.#folder.status(path)])
    return named !== undefined && named.id === own.id
  }

  /** Returns the position at the end of the file. A copy, compressed or not, contains it and ends there. */
  async end(): Promise<Position> {
    const { size } = await this.#file.status()
    return { fingerprint: await this.fingerprint(size), offset: size }
  }

  async isCopyOf(end: Position): Promise<boolean> {
    return (await this.#file.status()).size === end.offset && (await this.holds(end))
  }

  async size(): Promise<number> {
    return (await this.#file.status()).size
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}

/** A folder of logs has tens of files; more than this are not searched. */
const siblingsMax = 1000
/** `.new` and `.tmp` are unfinished files of a rotation; `.xz` and `.bz2` cannot be decompressed here. */
const unread = /\.(xz|bz2|new|tmp)$/

/** Returns the files that a rotation of `path` may have left (`cdr.jsonl.1`, `cdr.jsonl-20261124.gz`), oldest first. */
export async function rotatedSiblings(folder: CdrFolder, path: string): Promise<(FileStatus & { path: string })[]> {
  const name = basename(path)
  const names = (await folder.list(dirname(path))).filter(
    (other) => (other.startsWith(`${name}.`) || other.startsWith(`${name}-`)) && !unread.test(other),
  )
  const found: (FileStatus & { path: string })[] = []
  for (const sibling of names.slice(0, siblingsMax)) {
    const file = join(dirname(path), sibling)
    const status = await folder.status(file)
    if (status) found.push({ path: file, ...status })
  }
  return found.sort((a, b) => a.writtenMs - b.writtenMs)
}
