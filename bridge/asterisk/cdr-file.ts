import { dirname } from 'node:path'
import { errorCode, exitStatus, FatalError } from '../failure.ts'
import { type Line, LineSplitter } from '../normalise/line-splitter.ts'
import { type Clock, realClock } from '../operate/clock.ts'
import type { CounterId } from '../operate/metrics/counter-catalogue.ts'
import { Notifier } from '../operate/wait.ts'
import type { CdrCheckpoint, Position } from './cdr-checkpoint.ts'
import { type CdrFolder, realCdrFolder } from './cdr-folder.ts'
import { CdrHistory } from './cdr-history.ts'
import { CdrSource } from './cdr-source.ts'

/*
 * Follows the file that Asterisk appends call detail records to.
 *
 * The file is the queue: lines stay in it until SQS has them, and only then the checkpoint advances. Asterisk opens the
 * file, appends one whole line and closes it, so a rename or a truncation falls between lines. A file is identified by its
 * first bytes. After a rename, the open file is read to its end first. After a truncation, the copy that the rotation left is
 * searched and read to its end first. Next comes the oldest rotated file that was not read to its end, and last the file that
 * has the configured name. After a restart the same search finds the file of the checkpoint. A file that cannot be found is
 * read from its start: the cloud deduplicates records, but cannot restore lost ones.
 */

/** About 2,000 lines, or three bodies of 64 KiB. */
const chunkBytes = 1_048_576
/** Delay of a record on file systems that do not report changes; elsewhere the folder's watcher is faster. */
const pollMs = 1000
/**
 * Asterisk may have opened the file just before the rename, so its line may still arrive this long after. It writes a record by
 * one append, so that a record which has not ended after this time never will.
 */
const lingerMs = 1000

/** Matches codes such as `EIO` and `EACCES`, but not Node's own `ERR_...`. */
const systemError = /^E(?!RR_)/

export interface Batch<P = Position> {
  lines: Line[]
  /** Where to continue once these lines are in SQS or in the quarantine. */
  position: P
}

export interface CdrFileOptions {
  path: string
  checkpoint: CdrCheckpoint
  folder?: CdrFolder
  clock?: Clock
  onCount(id: CounterId): void
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
  /** When the open file was first seen without the configured name, by the monotonic clock. */
  #nameLostMs: number | undefined
  /** Since when the file has not grown while lines wait for the end of their record. */
  #heldMs: number | undefined

  constructor(options: CdrFileOptions) {
    this.#options = options
    this.#folder = options.folder ?? realCdrFolder
    this.#clock = options.clock ?? realClock
    this.#notifier = new Notifier(this.#clock)
    this.#history = new CdrHistory(options.path, this.#folder, options.checkpoint, options.onCount)
  }

  /** Finds where to continue. The file may be absent: Asterisk creates it with its first record. Throws FatalError. */
  async open(): Promise<void> {
    const { path, checkpoint } = this.#options
    const position = await checkpoint.load()
    try {
      await this.#history.load()
      if (position) await this.#find(position)
      else await this.#takeNext()
    } catch (cause) {
      const sentence = `the CDR file ${path} cannot be read (${errorCode(cause)}): let the bridge's user read it and its folder`
      throw new FatalError('cdr-file-unreadable', exitStatus.noInput, sentence, { cause })
    }
    if (!this.#stopWatching) this.#watch(dirname(path))
  }

  #watch(folder: string): void {
    const failed = () => this.#options.onCount('cdr-watch-failed')
    try {
      this.#stopWatching = this.#folder.watch(folder, () => this.#notifier.notify(), failed)
    } catch {
      // The machine has no more watches; polling finds the lines within a second.
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

  /** Continues with the oldest unread rotated file, or with the file that has the configured name. */
  async #takeNext(): Promise<void> {
    const rotated = await this.#history.nextUnread()
    this.#use(rotated ?? (await CdrSource.open(this.#folder, this.#options.path)), 0)
  }

  #use(source: CdrSource | undefined, offset: number): void {
    this.#source = source
    this.#splitter = new LineSplitter(offset)
    this.#heldMs = undefined
    // The folder may be as new as the file.
    if (source && !this.#stopWatching) this.#watch(dirname(source.path))
    // Only the file that had the name until now can still get a late line.
    this.#nameLostMs = source?.path === this.#options.path ? undefined : Number.NEGATIVE_INFINITY
  }

  /** Waits for the next lines; `undefined` once the signal aborts. Call it only after the lines before are settled. */
  async next(signal: AbortSignal): Promise<Batch | undefined> {
    while (!signal.aborted) {
      try {
        const batch = await this.#look(signal)
        if (batch) return batch
      } catch (error) {
        if (!systemError.test(errorCode(error))) throw error
        // The file or its folder cannot be read for now; its lines stay where they are.
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
    const batch =
      (await this.#readOn(source)) ??
      (this.#source === source && ((await this.#leaveIfDone(source)) ?? (await this.#releaseHeld(source))))
    if (batch) return batch
    // Wait only if the file is still the same one; a new file is read at once.
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
    // Checked after the read: otherwise bytes of a rewritten file could pass for the next bytes of the old one.
    if (!(await source.holds({ fingerprint, offset }))) {
      await this.#findCopy(source, { fingerprint, offset })
      return undefined
    }
    if (offset === 0 && chunk.length > 0 && (await this.#yieldToRotated(source))) return undefined
    if (chunk.length > 0) this.#heldMs = undefined
    return this.#batch(source, this.#splitter.push(chunk))
  }

  /** Returns the lines of a record that never ends, so that they do not wait for the next call. */
  async #releaseHeld(source: CdrSource): Promise<Batch | undefined> {
    if (!this.#splitter.isHolding || (await this.#hasMore(source))) return undefined
    this.#heldMs ??= this.#clock.monotonicMs()
    if (this.#clock.monotonicMs() - this.#heldMs < lingerMs) return undefined
    return this.#batch(source, this.#splitter.flush())
  }

  /** At offset 0 a truncation cannot be recognised: an unread rotated file, which may be its copy, is read first. */
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

  /** The file was truncated while it was read: the unread rest may be in a copy. */
  async #findCopy(source: CdrSource, position: Position): Promise<void> {
    this.#source = undefined
    await source.close()
    this.#options.onCount('cdr-file-truncated')
    // From the end of the last whole line: the copy has the rest of the half line.
    const copy = await this.#history.holding(position)
    if (copy) this.#use(copy, this.#splitter.settled)
  }

  /** Leaves a renamed file at its end. Returns a last line without its line break first. */
  async #leaveIfDone(source: CdrSource): Promise<Batch | undefined> {
    if (await source.isAt(this.#options.path)) return undefined
    this.#nameLostMs ??= this.#clock.monotonicMs()
    if (this.#clock.monotonicMs() - this.#nameLostMs < lingerMs || (await this.#hasMore(source))) return undefined
    const rest = await this.#batch(source, this.#splitter.rest())
    // The file is left only after its last line is settled, so that it is never read again.
    if (rest) return rest
    await this.#history.finished(source)
    this.#source = undefined
    await source.close()
    return undefined
  }

  /** Bytes of the open file that were not read. */
  async unreadBytes(): Promise<number> {
    const size = await this.#source?.size()
    return size === undefined ? 0 : Math.max(0, size - this.#splitter.offset)
  }

  async commit(position: Position): Promise<void> {
    await this.#options.checkpoint.save(position)
  }

  async close(): Promise<void> {
    this.#stopWatching?.()
    await this.#source?.close()
  }
}
