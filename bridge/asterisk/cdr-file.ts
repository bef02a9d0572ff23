import { dirname } from 'node:path'
import { errorCode, exitStatus, FatalError } from '../failure.ts'
import { type Clock, realClock } from '../operate/clock.ts'
import { Notifier } from '../operate/wait.ts'
import type { CdrCheckpoint, Position } from './cdr-checkpoint.ts'
import { type CdrFolder, realCdrFolder } from './cdr-folder.ts'
import { CdrHistory } from './cdr-history.ts'
import { CdrSource } from './cdr-source.ts'
import { type Line, LineSplitter } from './line-splitter.ts'

/*
 * The tail of the file that Asterisk writes its call detail records to.
 *
 * The file is the spool: lines wait in it until SQS has them, and the checkpoint moves only then. Asterisk opens, appends
 * one whole line and closes, so a rename or a truncation falls between lines. A file is known by the content it begins
 * with. When the name belongs to another file, the one that is open is read to its end first; when the content was cut,
 * the copy that a rotation left beside it is looked for, and read to its end first. Then comes the oldest rotated file
 * that was never read to its end, and at last the one that has the name. After a restart the same search finds the file
 * that the checkpoint speaks of. What cannot be found is read from the beginning: a double is absorbed, a loss is not.
 */

/** About 2,000 lines: some three bodies of 64 KiB. */
const chunkBytes = 1_048_576
/** The folder is watched; on file systems where that is silent, this is the delay of a record. */
const pollMs = 1000
/** Asterisk may have opened the file just before it was renamed: so long its line may still come after. */
const lingerMs = 1000

/** `EIO`, `EACCES`; Node's own mistakes are `ERR_...`. */
const systemError = /^E(?!RR_)/

export interface Batch {
  lines: Line[]
  /** Where to go on once these lines are settled. */
  position: Position
}

export interface CdrFileOptions {
  path: string
  checkpoint: CdrCheckpoint
  folder?: CdrFolder
  clock?: Clock
  onCount(errorId: string): void
}

export class CdrFile {
  readonly #options: CdrFileOptions
  readonly #folder: CdrFolder
  readonly #clock: Clock
  readonly #history: CdrHistory
  readonly #notifier: Notifier
  readonly #buffer = Buffer.allocUnsafe(chunkBytes)
  #stopWatching: (() => void) | undefined
  #source: CdrSource | undefined
  #splitter = new LineSplitter(0)
  /** When the open file was first seen without the name, by the clock that never goes back. */
  #nameLostMs: number | undefined

  constructor(options: CdrFileOptions) {
    this.#options = options
    this.#folder = options.folder ?? realCdrFolder
    this.#clock = options.clock ?? realClock
    this.#notifier = new Notifier(this.#clock)
    this.#history = new CdrHistory(options.path, this.#folder, options.checkpoint, options.onCount)
  }

  /** Finds where to go on. At the very first start the file has to exist; later it may be away for a rotation. */
  async open(): Promise<void> {
    const { path, checkpoint } = this.#options
    const position = await checkpoint.load()
    try {
      await this.#history.load()
      if (position) await this.#find(position)
      else await this.#takeNext()
    } catch (cause) {
      const sentence = `the CDR file ${path} cannot be read (${errorCode(cause)}): give the bridge's user the right to read it and its folder`
      throw new FatalError('cdr-file-unreadable', exitStatus.noInput, sentence, { cause })
    }
    if (!this.#source && !position && !this.#history.hasRotated) {
      const sentence = `the CDR file ${path} does not exist: mend cdr.file, or let cdr_custom.conf write it and create it empty`
      throw new FatalError('cdr-file-missing', exitStatus.noInput, sentence)
    }
    this.#watch(dirname(path))
  }

  #watch(folder: string): void {
    const failed = () => this.#options.onCount('cdr-watch-failed')
    try {
      this.#stopWatching = this.#folder.watch(folder, () => this.#notifier.notify(), failed)
    } catch {
      // No more watches on this machine: the poll finds the lines, a second later.
      failed()
    }
  }

  async #find(position: Position): Promise<void> {
    const named = await CdrSource.open(this.#folder, this.#options.path)
    if (await named?.holds(position)) return this.#use(named, position.offset)
    await named?.close()
    const rotated = await this.#history.holding(position)
    if (rotated) return this.#use(rotated, position.offset)
    this.#options.onCount('cdr-position-lost')
    await this.#takeNext()
  }

  /** The oldest rotated file that is still to be read, or the one that has the name. */
  async #takeNext(): Promise<void> {
    const rotated = await this.#history.nextUnread()
    this.#use(rotated ?? (await CdrSource.open(this.#folder, this.#options.path)), 0)
  }

  #use(source: CdrSource | undefined, offset: number): void {
    this.#source = source
    this.#splitter = new LineSplitter(offset)
    // Only the file that had the name until now may still get a line from a writer that is late.
    this.#nameLostMs = source?.path === this.#options.path ? undefined : Number.NEGATIVE_INFINITY
  }

  /** The next lines, as soon as there are any; `undefined` once the signal aborts. The lines before are settled by then. */
  async next(signal: AbortSignal): Promise<Batch | undefined> {
    while (!signal.aborted) {
      try {
        const batch = await this.#look(signal)
        if (batch) return batch
      } catch (error) {
        if (!systemError.test(errorCode(error))) throw error
        // A folder that is away or a file that cannot be read for now: the lines wait in it.
        this.#options.onCount('cdr-file-unreadable')
        await this.#notifier.wait(signal, pollMs)
      }
    }
    return undefined
  }

  async #look(signal: AbortSignal): Promise<Batch | undefined> {
    const source = this.#source
    if (!source) {
      await this.#takeNext()
      if (!this.#source) await this.#notifier.wait(signal, pollMs)
      return undefined
    }
    const batch = (await this.#readOn(source)) ?? (this.#source === source && (await this.#leaveIfDone(source)))
    if (batch) return batch
    // Still the same file, so nothing more for now; another one is looked at at once.
    if (this.#source === source && !(await this.#hasMore(source))) await this.#notifier.wait(signal, pollMs)
    return undefined
  }

  async #hasMore(source: CdrSource): Promise<boolean> {
    return (await source.read(this.#splitter.offset, this.#buffer.subarray(0, 1))).length > 0
  }

  async #readOn(source: CdrSource): Promise<Batch | undefined> {
    const offset = this.#splitter.offset
    const fingerprint = await source.fingerprint(offset)
    const chunk = await source.read(offset, this.#buffer)
    // After the read, so that bytes of a file written anew are never taken for the next ones of the old.
    if (!(await source.holds({ fingerprint, offset }))) {
      await this.#findCopy(source, { fingerprint, offset })
      return undefined
    }
    if (offset === 0 && chunk.length > 0 && (await this.#yieldToRotated(source))) return undefined
    return this.#batch(source, this.#splitter.push(chunk))
  }

  /** A file of which nothing was read yet cannot be told from what it was before it was cut: then its copy is unread. */
  async #yieldToRotated(source: CdrSource): Promise<boolean> {
    if (source.path !== this.#options.path) return false
    const rotated = await this.#history.nextUnread()
    if (!rotated) return false
    await source.close()
    this.#use(rotated, 0)
    return true
  }

  async #batch(source: CdrSource, lines: Line[]): Promise<Batch | undefined> {
    const last = lines.at(-1)
    if (!last) return undefined
    return { lines, position: { fingerprint: await source.fingerprint(last.end), offset: last.end } }
  }

  /** The content was cut under the reader: what was not read of it may be in a copy. */
  async #findCopy(source: CdrSource, position: Position): Promise<void> {
    this.#source = undefined
    await source.close()
    this.#options.onCount('cdr-file-truncated')
    // From the end of the last whole line: the half one after it is whole in the copy.
    const copy = await this.#history.holding(position)
    if (copy) this.#use(copy, this.#splitter.settled)
  }

  /** At the end of a file that has lost the name, the next one is taken; a last line without its end is handed out as it is. */
  async #leaveIfDone(source: CdrSource): Promise<Batch | undefined> {
    if (await source.isAt(this.#options.path)) return undefined
    this.#nameLostMs ??= this.#clock.monotonicMs()
    if (this.#clock.monotonicMs() - this.#nameLostMs < lingerMs || (await this.#hasMore(source))) return undefined
    const rest = await this.#batch(source, this.#splitter.rest())
    // It is left only once its last line is settled too: then it never has to be read again.
    if (rest) return rest
    await this.#history.finished(source)
    this.#source = undefined
    await source.close()
    return undefined
  }

  async commit(position: Position): Promise<void> {
    await this.#options.checkpoint.save(position)
  }

  async close(): Promise<void> {
    this.#stopWatching?.()
    await this.#source?.close()
  }
}
