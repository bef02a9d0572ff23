import { join } from 'node:path'
import { type Clock, realClock } from '../operate/clock.ts'
import type { CounterId } from '../operate/metrics/counter-catalogue.ts'
import type { Durations } from '../operate/metrics/durations.ts'
import { wait } from '../operate/wait.ts'
import { type Disk, realDisk } from './disk.ts'
import { ackFile, type Recovered, recover, type Segment, segmentPath } from './recover.ts'
import { writeSealed } from './sealed-file.ts'
import { encodeRecord, type SpoolRecord } from './segment.ts'
import { SegmentWriter } from './segment-writer.ts'
import { SpoolReader } from './spool-reader.ts'

/*
 * The spool: a durable queue on disk for facts that SQS has not accepted yet.
 *
 * Constraints
 *   One process uses the folder; the bridge's lock ensures it. A record is passed on only after the fdatasync that covers it.
 *   kill -9 and a power cut lose no record that was passed on, if fdatasync is reliable. After a crash a record may be sent
 *   twice, but is never lost. Disk space and memory are bounded.
 * Layout
 *   `<first record number, 16 digits>.seg` holds records one after the other (segment.ts). `acked` is a sealed file
 *   (sealed-file.ts). `….seg.gone` is a segment that is being removed; recovery removes what a crash left of it.
 * Write
 *   `append` numbers a record and keeps it in memory. One writer loop takes all pending records, writes them, calls fdatasync
 *   once, passes them on, and repeats: records that arrive during one fdatasync share the next. A full segment is closed.
 *   On a full disk the partial write is cut off and retried every second. Any other failed write or fdatasync makes the spool
 *   unusable for good: after such a failure, the kernel's state of those pages cannot be trusted.
 * Read
 *   In order, continuing where the last read ended (spool-reader.ts). Damaged records are skipped.
 * Ack and delete
 *   `ack(n)` means that all records below n are sent. `acked` is saved at most once a second: an older value only causes
 *   duplicates. Segments with only acknowledged records are removed one by one, their space freed gradually (disk.ts), or at
 *   once when the spool closes. A failed removal is retried at the next ack; the segment counts in `bytes` until then.
 * Recovery
 *   recover.ts cuts and syncs torn ends and passes damaged bytes to the quarantine. Appending starts a new segment: a recovered
 *   segment is never appended to.
 */

/** About 1,200,000 facts of 430 bytes: an outage of a day at 14 facts a second. */
const spoolBytesMaxDefault = 512 * 1024 * 1024
/** Limit of records that wait for fdatasync: enough for an fdatasync of 8 s at 2 MB of facts a second. */
const pendingBytesMax = 16 * 1024 * 1024
const ackSaveMs = 1000
/** Limit for the last write when closing. Only a full disk takes longer. */
const closeMsMax = 2000
const emptiedPollMs = 100

export interface SpoolOptions {
  folder: string
  disk?: Disk
  clock?: Clock
  bytesMax?: number
  durations?: Durations
  /** Called with records in order, after the fdatasync that covers them. */
  onDurable(records: SpoolRecord[]): void
  /** The spool is unusable: end the process and start it again. */
  onBroken(error: unknown): void
  onCount(id: CounterId): void
}

export class Spool {
  readonly #options: SpoolOptions
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #writer: SegmentWriter
  readonly #reader: SpoolReader
  #segments: Segment[] = []
  #pending: { record: SpoolRecord; bytes: Buffer; startMs: number }[] = []
  #pendingBytes = 0
  #next = 1
  #acked = 1
  #state: 'closed' | 'open' | 'broken' = 'closed'
  #writing: Promise<void> = Promise.resolve()
  #isWriting = false
  #cancelAck: (() => void) | undefined
  /** Saves run one after the other, since they use the same temporary file. */
  #saving: Promise<void> = Promise.resolve()
  #deleting: Promise<void> | undefined
  #isClosing = false
  /** The writer has to close the newest segment, so that it can be removed. */
  #mustEndSegment = false

  constructor(options: SpoolOptions) {
    this.#options = options
    this.#disk = options.disk ?? realDisk
    this.#clock = options.clock ?? realClock
    this.#reader = new SpoolReader(this.#disk, options.folder)
    this.#writer = new SegmentWriter({
      folder: options.folder,
      disk: this.#disk,
      clock: this.#clock,
      onSegmentStarted: (segment) => this.#segments.push(segment),
      onNoSpace: () => options.onCount('spool-disk-full'),
    })
  }

  /** Recovers the spool. The records [acked, next) of the result are still to be sent. */
  async open(): Promise<Recovered> {
    const recovered = await recover(this.#disk, this.#options.folder)
    this.#segments = recovered.segments
    this.#next = recovered.next
    this.#acked = recovered.acked
    this.#state = 'open'
    return recovered
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, this.#pendingBytes)
  }

  get bytesMax(): number {
    return this.#options.bytesMax ?? spoolBytesMaxDefault
  }

  get unacked(): number {
    return this.#next - this.#acked
  }

  /** Whether records are being written to disk. */
  get isWriting(): boolean {
    return this.#isWriting
  }

  hasRoom(bytes: number): boolean {
    const fits = this.#pendingBytes + bytes <= pendingBytesMax && this.bytes + bytes <= this.bytesMax
    return this.#state === 'open' && fits
  }

  /** Returns the record's number, or `undefined` if the spool is full: then the record is dropped and uses no number. */
  append(payload: Buffer): number | undefined {
    if (!this.hasRoom(payload.length)) return undefined
    const number = this.#next
    this.#next += 1
    const bytes = encodeRecord(number, payload)
    this.#pending.push({ record: { number, payload }, bytes, startMs: this.#clock.monotonicMs() })
    this.#pendingBytes += bytes.length
    this.#startWriting()
    return number
  }

  #startWriting(): void {
    if (this.#isWriting) return
    this.#isWriting = true
    // Wait for the end of this event loop turn, so that frames read from the socket together share one fdatasync.
    this.#writing = new Promise<void>((resolve) => this.#clock.after(0, resolve))
      .then(() => this.#writeAll())
      .catch((error: unknown) => {
        this.#state = 'broken'
        this.#options.onBroken(error)
      })
      .finally(() => {
        this.#isWriting = false
        if (this.#pending.length > 0 && this.#state === 'open') this.#startWriting()
      })
  }

  async #writeAll(): Promise<void> {
    const batch = this.#pending
    const first = batch[0]
    if (first) {
      const bytes = Buffer.concat(batch.map((item) => item.bytes))
      this.#pending = []
      if (!(await this.#writer.write(first.record.number, batch.length, bytes))) return
      this.#pendingBytes -= bytes.length
      for (const { startMs } of batch) this.#options.durations?.end('spool', startMs)
      this.#options.onDurable(batch.map((item) => item.record))
    }
    if (!this.#mustEndSegment) return
    this.#mustEndSegment = false
    await this.#writer.close()
  }

  /**
   * Resolves with true once every record of before this call is sent, and its segment removed from disk; with false if the
   * signal aborted it. Nothing is rewritten, so a crash at any point leaves an ordinary spool.
   */
  async emptied(signal: AbortSignal): Promise<boolean> {
    const next = this.#next
    this.#mustEndSegment = true
    this.#startWriting()
    while (this.#mustEndSegment || this.#segments.some(({ first }) => first < next)) {
      if (signal.aborted || this.#state !== 'open') return false
      this.#startDeleting()
      await wait(emptiedPollMs, signal, this.#clock)
    }
    return true
  }

  /**
   * Returns the first durable records of [from, to), about `bytesMax` bytes, at least one record if there is one. Damaged
   * records are left out. Call it again only after using the payloads: the next call overwrites them.
   */
  read(from: number, to: number, bytesMax: number): Promise<SpoolRecord[]> {
    return this.#reader.read(this.#segments, from, to, bytesMax)
  }

  /** Notes that all records below `number` are sent. */
  ack(number: number): void {
    if (number <= this.#acked) return
    this.#acked = number
    this.#cancelAck ??= this.#clock.after(ackSaveMs, () => {
      this.#cancelAck = undefined
      this.#saveAck()
      this.#startDeleting()
    })
  }

  #saveAck(): void {
    this.#saving = this.#saving
      .then(() => writeSealed(this.#disk, join(this.#options.folder, ackFile), { acked: this.#acked }))
      .catch(() => this.#options.onCount('spool-ack-unsaved'))
  }

  #startDeleting(): void {
    this.#deleting ??= this.#deleteAcknowledged()
      .catch(() => this.#options.onCount('spool-not-deleted'))
      .finally(() => {
        this.#deleting = undefined
      })
  }

  async #deleteAcknowledged(): Promise<void> {
    for (;;) {
      const isDeletable = (segment: Segment) => segment.next <= this.#acked && segment !== this.#writer.segment
      const deletable = this.#segments.find(isDeletable)
      if (!deletable) return
      const path = segmentPath(this.#options.folder, deletable.first)
      await (this.#isClosing ? this.#disk.remove(path) : this.#disk.removeGradually(path))
      this.#segments = this.#segments.filter((segment) => segment !== deletable)
    }
  }

  /** Writes pending records, saves the ack and closes. On a full disk it drops them: they were not passed on. */
  async close(): Promise<void> {
    this.#isClosing = true
    this.#cancelAck?.()
    const cancel = this.#clock.after(closeMsMax, () => this.#writer.stop())
    while (this.#isWriting && this.#state === 'open') await this.#writing
    cancel()
    if (this.#state === 'open') this.#saveAck()
    await this.#saving
    await this.#deleting
    if (this.#state === 'open') this.#startDeleting()
    await this.#deleting
    this.#state = 'closed'
    await this.#writer.close()
  }
}
