import { createHash } from 'node:crypto'
import { join } from 'node:path'
import * as v from 'valibot'
import { SwitchhookError } from '../../contracts/errors.ts'
import { type Clock, realClock } from '../operate/clock.ts'
import { type Disk, readIfPresent, realDisk, withoutSuffix } from './disk.ts'

/*
 * The quarantine of CDRs that cannot be read. Unlike frames of ARI they are never deleted to make room: a CDR exists once.
 *
 * Each write makes a new file, `<unix ms>-<count>-records.jsonl`, with one JSON object a record. Files do not change
 * afterwards; `switchhook-bridge quarantine retry` replaces one by another with what still cannot be read, also while the
 * bridge runs. Earlier versions kept each record in a file of its own, `<unix ms>-<count>-cdr.bin`.
 */

/** A hundred thousand records. A full quarantine stops the reading of the CDR file, in which the other records stay. */
const bytesMax = 64 * 1024 * 1024
const fileName = /^(\d{13})-\d{6}-(?:records\.jsonl|cdr\.bin)$/

/** Reason of a record of which the quarantine has only the first MiB. */
export const overlong = 'longer than 1 MiB'

/** Bytes of a record, and why they could not be read. */
export interface RefusedRecord {
  reason: string
  bytes: Buffer
}

/** What is known of a file; `hashes` are those of its records. */
interface FileContent {
  records: number
  bytes: number
  hashes: readonly string[]
}

const Entry = v.object({ reason: v.string(), text: v.optional(v.string()), base64: v.optional(v.string()) })

/** Reading continues by itself once the quarantine has room. */
export class QuarantineFullError extends SwitchhookError {
  readonly errorId = 'quarantine-full'
  constructor(folder: string) {
    super(
      `${folder} is full of CDRs that cannot be read: see switchhook-bridge quarantine list, correct cdr.layout or cdr_custom.conf, then run switchhook-bridge quarantine retry`,
    )
  }
  override shouldRetry(): boolean {
    return true
  }
}

export class RefusedRecords {
  readonly #folder: string
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #limit: number
  /** Records and bytes of each file. */
  #files = new Map<string, FileContent>()
  /** Begins at a random number: another process may write at the same millisecond. */
  #number: number
  /** Writes run one after the other, so that `erase` finds no file that is being written. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(folder: string, disk: Disk = realDisk, clock: Clock = realClock, limit = bytesMax) {
    this.#folder = folder
    this.#disk = disk
    this.#clock = clock
    this.#limit = limit
    this.#number = Math.floor(1_000_000 * clock.random())
  }

  async open(): Promise<void> {
    await this.#disk.makeFolder(this.#folder)
    await this.refresh()
  }

  /** Number of records in quarantine. */
  get records(): number {
    return [...this.#files.values()].reduce((sum, { records }) => sum + records, 0)
  }

  get isFull(): boolean {
    return [...this.#files.values()].reduce((sum, { bytes }) => sum + bytes, 0) >= this.#limit
  }

  /** Looks which files there are: `quarantine retry` changes them in another process. */
  async refresh(): Promise<void> {
    const names = await this.names()
    const known = this.#files
    const files: [string, FileContent][] = []
    for (const name of names) files.push([name, known.get(name) ?? (await this.#measure(name))])
    this.#files = new Map(files)
  }

  async #measure(name: string): Promise<FileContent> {
    return contentOf(await this.read(name))
  }

  /** Returns the records that are not in quarantine, each once: rows of a table are read again. */
  unlisted(records: readonly RefusedRecord[]): RefusedRecord[] {
    const listed = new Set([...this.#files.values()].flatMap(({ hashes }) => hashes))
    return records.filter(({ bytes }) => {
      const hash = recordHash(bytes)
      const isNew = !listed.has(hash)
      listed.add(hash)
      return isNew
    })
  }

  /** Resolves when the records are durable. @throws QuarantineFullError, or the disk's error */
  async put(records: readonly RefusedRecord[]): Promise<void> {
    if (records.length === 0) return
    if (this.isFull) await this.refresh()
    if (this.isFull) throw new QuarantineFullError(this.#folder)
    await this.#inTurn(() => this.#write(this.#clock.nowMs(), records))
  }

  /**
   * Removes the records that match, and what a crash left of a file that was being written. Returns how many there were. The
   * files of the others are replaced, as `quarantine retry` does.
   */
  erase(matches: (bytes: Buffer) => boolean): Promise<number> {
    return this.#inTurn(async () => {
      let removed = 0
      for (const name of await this.names()) {
        const records = await this.read(name)
        const left = records.filter(({ reason, bytes }) => !matches(bytes) && !matches(Buffer.from(reason)))
        if (left.length === records.length) continue
        await this.replace(name, left)
        removed += records.length - left.length
      }
      for (const name of await this.#disk.list(this.#folder)) {
        const path = join(this.#folder, name)
        const isLeftOver = !fileName.test(name) && fileName.test(withoutSuffix(name))
        const bytes = isLeftOver && (await readIfPresent(this.#disk, path))
        if (bytes && matches(bytes)) await this.#disk.remove(path)
      }
      return removed
    })
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(act)
    this.#last = turn.catch(() => undefined)
    return turn
  }

  /** Replaces a file by another with these records. After a crash in between, there are both. */
  async replace(name: string, records: readonly RefusedRecord[]): Promise<void> {
    if (records.length > 0) await this.#write(refusedAt(name), records)
    await this.#disk.remove(join(this.#folder, name))
    this.#files.delete(name)
  }

  async #write(atMs: number, records: readonly RefusedRecord[]): Promise<void> {
    const name = `${atMs}-${String(this.#number % 1_000_000).padStart(6, '0')}-records.jsonl`
    this.#number += 1
    await this.#disk.replace(join(this.#folder, name), encode(records))
    this.#files.set(name, contentOf(records))
  }

  /** Names of the files, oldest first. */
  async names(): Promise<string[]> {
    return (await this.#disk.list(this.#folder)).filter((name) => fileName.test(name)).sort()
  }

  /** Reads the records of a file; none if it is gone. A damaged line is returned as it is. */
  async read(name: string): Promise<RefusedRecord[]> {
    const content = await readIfPresent(this.#disk, join(this.#folder, name))
    if (!content) return []
    if (name.endsWith('.bin')) return [{ reason: 'refused by an earlier version', bytes: content }]
    return content.toString('utf8').split('\n').filter(Boolean).map(decode)
  }
}

function contentOf(records: readonly RefusedRecord[]): FileContent {
  return {
    records: records.length,
    bytes: records.reduce((sum, { bytes }) => sum + bytes.length, 0),
    hashes: records.map(({ bytes }) => recordHash(bytes)),
  }
}

/** When the records of a file were refused, Unix milliseconds. */
export function refusedAt(name: string): number {
  return Number(fileName.exec(name)?.[1])
}

/** Names a record in lists and in verifications, without its content. */
export function recordHash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 12)
}

function encode(records: readonly RefusedRecord[]): Buffer {
  const lines = records.map(({ reason, bytes }) => {
    const text = bytes.toString('utf8')
    const isText = Buffer.from(text).equals(bytes)
    return JSON.stringify({ reason, ...(isText ? { text } : { base64: bytes.toString('base64') }) })
  })
  return Buffer.from(`${lines.join('\n')}\n`)
}

function decode(line: string): RefusedRecord {
  try {
    const { reason, text, base64 = '' } = v.parse(Entry, JSON.parse(line))
    return { reason, bytes: text === undefined ? Buffer.from(base64, 'base64') : Buffer.from(text) }
  } catch {
    return { reason: 'the file of the quarantine is damaged', bytes: Buffer.from(line) }
  }
}
