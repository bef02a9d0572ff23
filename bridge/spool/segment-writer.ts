import type { Clock } from '../operate/clock.ts'
import type { AppendFile, Disk } from './disk.ts'
import { type Segment, segmentPath } from './recover.ts'

/** 8 MiB: a day of a small office. Recovery reads a whole segment into memory. */
const segmentBytesMax = 8 * 1024 * 1024
const noSpaceRetryMs = 1000

export interface SegmentWriterOptions {
  folder: string
  disk: Disk
  clock: Clock
  onSegmentStarted(segment: Segment): void
  onNoSpace(): void
}

/** Appends batches of records to the newest segment, durable on return. Starts a new segment when the last is full. */
export class SegmentWriter {
  readonly #options: SegmentWriterOptions
  #active: { file: AppendFile; segment: Segment } | undefined
  #isStopping = false

  constructor(options: SegmentWriterOptions) {
    this.#options = options
  }

  /** The segment that is being written. It is not deleted even if all of its records are acknowledged. */
  get segment(): Segment | undefined {
    return this.#active?.segment
  }

  /**
   * Appends `count` records, numbered from `first`, and syncs. While the disk is full it retries every second. False if the
   * writer was stopped before the records were durable. Throws every other error.
   */
  async write(first: number, count: number, bytes: Buffer): Promise<boolean> {
    while (!this.#isStopping) {
      if (await this.#tryWrite(first, bytes)) return this.#sync(count, bytes.length)
      this.#options.onNoSpace()
      await new Promise<void>((resolve) => this.#options.clock.after(noSpaceRetryMs, resolve))
    }
    return false
  }

  /** False if the disk is full; the partial write is then removed from the file. */
  async #tryWrite(first: number, bytes: Buffer): Promise<boolean> {
    try {
      this.#active ??= await this.#startSegment(first)
      await this.#active.file.append(bytes)
      return true
    } catch (error) {
      if (!isNoSpace(error)) throw error
      await this.#active?.file.truncate(this.#active.segment.bytes)
      return false
    }
  }

  async #startSegment(first: number): Promise<{ file: AppendFile; segment: Segment }> {
    const file = await this.#options.disk.create(segmentPath(this.#options.folder, first))
    const segment = { first, next: first, bytes: 0 }
    this.#options.onSegmentStarted(segment)
    return { file, segment }
  }

  async #sync(count: number, bytes: number): Promise<boolean> {
    const active = this.#active
    if (!active) return false
    await active.file.datasync()
    active.segment.bytes += bytes
    active.segment.next += count
    if (active.segment.bytes >= segmentBytesMax) await this.close()
    return true
  }

  /** Ends the wait for disk space. */
  stop(): void {
    this.#isStopping = true
  }

  async close(): Promise<void> {
    const active = this.#active
    this.#active = undefined
    await active?.file.close()
  }
}

function isNoSpace(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
}
