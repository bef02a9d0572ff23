import { type FSWatcher, watch } from 'node:fs'
import { dirname } from 'node:path'
import { CannotRun, errorCode, exitStatus } from '../failure.ts'
import { Bell } from '../operate/wait.ts'
import type { CdrCheckpoint, Position } from './cdr-checkpoint.ts'
import { CdrSource, type FileVersion, rotatedSiblings } from './cdr-source.ts'
import { type Line, LineSplitter } from './line-splitter.ts'

/*
 * The tail of the file that Asterisk writes its call detail records to.
 *
 * The file is the spool: lines wait in it until SQS has them, and the checkpoint moves only then. Asterisk opens, appends
 * one whole line and closes, so a rename or a truncation falls between lines. A file is known by the content it begins
 * with. When the name belongs to another file, the one that is open is read to its end first; when the content was cut,
 * the copy that a rotation left beside it is looked for, and read to its end first. After a restart the same search finds
 * the file that the checkpoint speaks of. What cannot be found is read from the beginning: a double is absorbed, a loss is not.
 */

/** About 2,000 lines: some three bodies of 64 KiB. */
const chunkBytes = 1_048_576
/** The folder is watched; on file systems where that is silent, this is the delay of a record. */
const pollMs = 1000
/** Asterisk may have opened the file just before it was renamed: so long its line may still come after. */
const lingerMs = 1000
/** Rotated files that were read to their end; older ones are told by their time. */
const doneMax = 100

export interface Batch {
  lines: Line[]
  /** Where to go on once these lines are settled. */
  position: Position
}

export interface CdrFileOptions {
  path: string
  checkpoint: CdrCheckpoint
  onCount(errorId: string): void
}

export class CdrFile {
  readonly #options: CdrFileOptions
  readonly #bell = new Bell()
  readonly #buffer = Buffer.allocUnsafe(chunkBytes)
  #watcher: FSWatcher | undefined
  #source: CdrSource | undefined
  #splitter = new LineSplitter(0)
  /** Rotated files still to be read, oldest first, before the one that has the name. */
  #queue: string[] = []
  readonly #done: string[] = []
  /** When the open file was first seen without the name, Unix milliseconds. */
  #nameLostMs: number | undefined

  constructor(options: CdrFileOptions) {
    this.#options = options
  }

  /** Finds where to go on. At the very first start the file has to exist; later it may be away for a rotation. */
  async open(): Promise<void> {
    const { path, checkpoint } = this.#options
    const position = await checkpoint.load()
    try {
      if (position) await this.#find(position)
      else await this.#take(path, 0)
    } catch (cause) {
      const sentence = `the CDR file ${path} cannot be read (${errorCode(cause)}): give the bridge's user the right to read it and its folder`
      throw new CannotRun('cdr-file-unreadable', exitStatus.noInput, sentence, { cause })
    }
    if (!this.#source && !position) {
      const sentence = `the CDR file ${path} does not exist: mend cdr.file, or let cdr_custom.conf write it and create it empty`
      throw new CannotRun('cdr-file-missing', exitStatus.noInput, sentence)
    }
    this.#watch(dirname(path))
  }

  #watch(folder: string): void {
    try {
      this.#watcher = watch(folder, () => this.#bell.ring())
      this.#watcher.on('error', () => this.#options.onCount('cdr-watch-failed'))
    } catch {
      // No more watches on this machine: the poll finds the lines, a second later.
      this.#options.onCount('cdr-watch-failed')
    }
  }

  async #find({ fingerprint, offset }: Position): Promise<void> {
    const { path } = this.#options
    for (const candidate of [path, ...(await rotatedSiblings(path)).map((sibling) => sibling.path)]) {
      const source = await CdrSource.open(candidate)
      if (source && (await source.holds(fingerprint, offset))) {
        this.#use(source, offset)
        return
      }
      await source?.close()
    }
    this.#options.onCount('cdr-position-lost')
    await this.#take(path, 0)
  }

  async #take(path: string, offset: number): Promise<void> {
    const source = await CdrSource.open(path)
    if (source) this.#use(source, offset)
  }

  #use(source: CdrSource, offset: number): void {
    this.#source = source
    this.#splitter = new LineSplitter(offset)
    // Only the file that had the name until now may still get a line from a writer that is late.
    this.#nameLostMs = source.path === this.#options.path ? undefined : 0
  }

  /** The next lines, as soon as there are any; `undefined` once the signal aborts. */
  async next(signal: AbortSignal): Promise<Batch | undefined> {
    while (!signal.aborted) {
      const source = this.#source
      if (!source) {
        await this.#take(this.#queue.shift() ?? this.#options.path, 0)
        if (!this.#source) await this.#bell.heard(signal, pollMs)
        continue
      }
      const batch = (await this.#readOn(source)) ?? (this.#source === source && (await this.#leaveIfDone(source)))
      if (batch) return batch
      // Still the same file, so nothing more for now; another one is looked at at once.
      if (this.#source === source && !(await this.#hasMore(source))) await this.#bell.heard(signal, pollMs)
    }
    return undefined
  }

  async #hasMore(source: CdrSource): Promise<boolean> {
    return (await source.read(this.#splitter.offset, this.#buffer.subarray(0, 1))).length > 0
  }

  async #readOn(source: CdrSource): Promise<Batch | undefined> {
    const before = this.#splitter.offset
    const fingerprint = await source.fingerprint(before)
    const chunk = await source.read(before, this.#buffer)
    // After the read, so that bytes of a file written anew are never taken for the next ones of the old.
    if (!(await source.holds(fingerprint, before))) {
      await this.#findCopy(source, { fingerprint, offset: before })
      return undefined
    }
    return this.#batch(source, this.#splitter.push(chunk))
  }

  async #batch(source: CdrSource, lines: Line[]): Promise<Batch | undefined> {
    const last = lines.at(-1)
    if (!last) return undefined
    return { lines, position: { fingerprint: await source.fingerprint(last.end), offset: last.end } }
  }

  /** The content was cut under the reader: what was not read of it may be in a copy. */
  async #findCopy(source: CdrSource, { fingerprint, offset }: Position): Promise<void> {
    this.#source = undefined
    await source.close()
    this.#options.onCount('cdr-file-truncated')
    for (const sibling of (await rotatedSiblings(this.#options.path)).reverse()) {
      const copy = await CdrSource.open(sibling.path)
      if (copy && (await copy.holds(fingerprint, offset))) return this.#use(copy, offset)
      await copy?.close()
    }
    await this.#take(this.#options.path, 0)
  }

  /** At the end of a file that has lost the name, the next one is taken; a last line without its end is handed out as it is. */
  async #leaveIfDone(source: CdrSource): Promise<Batch | undefined> {
    if (await source.isAt(this.#options.path)) return undefined
    this.#nameLostMs ??= Date.now()
    if (Date.now() - this.#nameLostMs < lingerMs || (await this.#hasMore(source))) return undefined
    const batch = await this.#batch(source, this.#splitter.rest())
    if (this.#queue.length === 0) await this.#queueLater(await source.version())
    this.#source = undefined
    await source.close()
    this.#bell.ring()
    return batch
  }

  /**
   * Files rotated away after this one, if there was more than one rotation since it was read. Two written in one tick of
   * the kernel's clock look equally old, so those that were read to their end are remembered.
   */
  async #queueLater(done: FileVersion): Promise<void> {
    this.#done.push(done.id)
    if (this.#done.length > doneMax) this.#done.shift()
    for (const sibling of await rotatedSiblings(this.#options.path)) {
      if (sibling.writtenMs >= done.writtenMs && !this.#done.includes(sibling.id)) this.#queue.push(sibling.path)
    }
  }

  async commit(position: Position): Promise<void> {
    await this.#options.checkpoint.save(position)
  }

  async close(): Promise<void> {
    this.#watcher?.close()
    await this.#source?.close()
  }
}
