import { join } from 'node:path'
import { type Clock, realClock } from '../operate/clock.ts'
import { type Disk, realDisk } from './disk.ts'
import { ackFile, type Recovered, recover, type Segment, segmentPath } from './recover.ts'
import { writeSealed } from './sealed-file.ts'
import { encodeRecord, type SpoolRecord } from './segment.ts'
import { SegmentWriter } from './segment-writer.ts'
import { SpoolReader } from './spool-reader.ts'

/*
 * The spool: facts wait here, durable, until SQS has taken them.
 *
 * Constraints
 *   One process owns the folder (the bridge's lock sees to it). A record is handed on only after the fdatasync that covers
 *   it. Nothing acknowledged is lost to kill -9 or a power cut, if fdatasync does what it says. Sent again after a crash is
 *   allowed; lost is not. Bytes on disk and in memory are bounded.
 * Layout
 *   `<first record number, 16 digits>.seg`, records one after the other (segment.ts). `acked`, a sealed file (sealed-file.ts).
 *   `….seg.gone`, a segment that is being deleted; recovery deletes what a crash left of it.
 * Write
 *   `append` numbers a record and puts it in memory. One writer loop takes all that waits, writes it, calls fdatasync once,
 *   hands it on, and begins again: what arrives during one fdatasync shares the next. A segment over its size is closed.
 *   No space: the half-written part is cut off and the same bytes are tried again each second. Any other failed write or
 *   fdatasync breaks the spool for good: after it, what the kernel says of those pages cannot be believed.
 * Read
 *   In order, going on where the last read ended (spool-reader.ts); a record that does not check is passed over.
 * Ack and delete
 *   `ack(n)` says that all below n are done. `acked` is saved at most once a second, without haste: an older value only
 *   means sending again. Segments wholly below are deleted one by one, their space freed slowly (disk.ts); on closing, at
 *   once. One that cannot be deleted counts as there, and is tried again at the next ack.
 * Recovery
 *   recover.ts: torn ends are cut and synced, damage inside is handed to the quarantine. A new segment is begun; a
 *   recovered one is never appended to.
 */

/** Some 1,200,000 facts of 430 bytes: a day's cut at 14 facts a second. */
const spoolBytesMaxDefault = 512 * 1024 * 1024
/** Waiting for one fdatasync. At 2 MB a second of facts, it bears a sync of 8 s. */
const pendingBytesMax = 16 * 1024 * 1024
const ackSaveMs = 1000
/** A write is under way that long only where there is no space. */
const closeMsMax = 2000

export interface SpoolOptions {
  folder: string
  disk?: Disk
  clock?: Clock
  bytesMax?: number
  /** Called in order, after the fdatasync that covers the records. */
  onDurable(records: SpoolRecord[]): void
  /** The spool is of no more use; the process should end, and be started again. */
  onBroken(error: unknown): void
  onCount(errorId: string): void
}

export class Spool {
  readonly #options: SpoolOptions
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #writer: SegmentWriter
  readonly #reader: SpoolReader
  #segments: Segment[] = []
  #pending: { record: SpoolRecord; bytes: Buffer }[] = []
  #pendingBytes = 0
  #next = 1
  #acked = 1
  #state: 'closed' | 'open' | 'broken' = 'closed'
  #writing: Promise<void> = Promise.resolve()
  #isWriting = false
  #cancelAck: (() => void) | undefined
  /** One at a time: two would write the same temporary file. */
  #saving: Promise<void> = Promise.resolve()
  #deleting: Promise<void> | undefined
  #isClosing = false

  constructor(options: SpoolOptions) {
    this.#options = options
    this.#disk = options.disk ?? realDisk
    this.#clock = options.clock ?? realClock
    this.#reader = new SpoolReader(this.#disk, options.folder)
    this.#writer = new SegmentWriter({
      folder: options.folder,
      disk: this.#disk,
      clock: this.#clock,
      onBegun: (segment) => this.#segments.push(segment),
      onNoSpace: () => options.onCount('spool-disk-full'),
    })
  }

  /** The records in [acked, next) of the answer wait to be read and sent. */
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

  get unacked(): number {
    return this.#next - this.#acked
  }

  /** Whether records are on their way to the disk. */
  get isWriting(): boolean {
    return this.#isWriting
  }

  hasRoom(bytes: number): boolean {
    const bytesMax = this.#options.bytesMax ?? spoolBytesMaxDefault
    return this.#state === 'open' && this.#pendingBytes + bytes <= pendingBytesMax && this.bytes + bytes <= bytesMax
  }

  /** The record's number, or `undefined` if there is no room: then the record is dropped and no number is used. */
  append(payload: Buffer): number | undefined {
    if (!this.hasRoom(payload.length)) return undefined
    const number = this.#next
    this.#next += 1
    const bytes = encodeRecord(number, payload)
    this.#pending.push({ record: { number, payload }, bytes })
    this.#pendingBytes += bytes.length
    this.#startWriting()
    return number
  }

  #startWriting(): void {
    if (this.#isWriting) return
    this.#isWriting = true
    // After this turn of the event loop, so that a burst of frames read from the socket at once shares one fdatasync.
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
    if (!first) return
    const bytes = Buffer.concat(batch.map((item) => item.bytes))
    this.#pending = []
    if (!(await this.#writer.write(first.record.number, batch.length, bytes))) return
    this.#pendingBytes -= bytes.length
    this.#options.onDurable(batch.map((item) => item.record))
  }

  /**
   * Some durable records of [from, to) in order, at least one if any is whole, about `bytesMax` at most; damaged ones are
   * missing. One call at a time: the payloads hold until the next.
   */
  read(from: number, to: number, bytesMax: number): Promise<SpoolRecord[]> {
    return this.#reader.read(this.#segments, from, to, bytesMax)
  }

  /** All records below `number` are done with. */
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
    this.#deleting ??= this.#deleteDone()
      .catch(() => this.#options.onCount('spool-not-deleted'))
      .finally(() => {
        this.#deleting = undefined
      })
  }

  async #deleteDone(): Promise<void> {
    for (;;) {
      const done = this.#segments.find((segment) => segment.next <= this.#acked && segment !== this.#writer.segment)
      if (!done) return
      const path = segmentPath(this.#options.folder, done.first)
      await (this.#isClosing ? this.#disk.remove(path) : this.#disk.removeGradually(path))
      this.#segments = this.#segments.filter((segment) => segment !== done)
    }
  }

  /** Writes what waits, saves the ack, closes. On a full disk what waits is given up: it was never handed on. */
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
