import type { Clock } from '../operate/clock.ts'
import type { AppendFile, Disk } from './disk.ts'
import { type Segment, segmentPath } from './recover.ts'

/** 8 MiB: a day of a small office in one file, and what a reader holds in memory at a time. */
const segmentBytesMax = 8 * 1024 * 1024
const noSpaceRetryMs = 1000

export interface SegmentWriterOptions {
  folder: string
  disk: Disk
  clock: Clock
  onBegun(segment: Segment): void
  onNoSpace(): void
}

/** Writes batches of records to the newest segment, each durable on return; begins a segment when the last is full. */
export class SegmentWriter {
  readonly #options: SegmentWriterOptions
  #active: { file: AppendFile; segment: Segment } | undefined
  #isStopping = false

  constructor(options: SegmentWriterOptions) {
    this.#options = options
  }

  /** The segment being written, which is not deleted whatever is acknowledged. */
  get segment(): Segment | undefined {
    return this.#active?.segment
  }

  /**
   * Appends `count` records, the first of them numbered `first`, and syncs. While there is no space the same bytes are
   * tried again each second. False if the writer was stopped before they were durable. Any other error is thrown.
   */
  async write(first: number, count: number, bytes: Buffer): Promise<boolean> {
    while (!this.#isStopping) {
      if (await this.#tryWrite(first, bytes)) return this.#settle(count, bytes.length)
      this.#options.onNoSpace()
      await new Promise<void>((resolve) => this.#options.clock.after(noSpaceRetryMs, resolve))
    }
    return false
  }

  /** False if there was no space; then nothing of the bytes is left in the file. */
  async #tryWrite(first: number, bytes: Buffer): Promise<boolean> {
    try {
      this.#active ??= await this.#begin(first)
      await this.#active.file.append(bytes)
      return true
    } catch (error) {
      if (!isNoSpace(error)) throw error
      await this.#active?.file.truncate(this.#active.segment.bytes)
      return false
    }
  }

  async #begin(first: number): Promise<{ file: AppendFile; segment: Segment }> {
    const file = await this.#options.disk.create(segmentPath(this.#options.folder, first))
    const segment = { first, next: first, bytes: 0 }
    this.#options.onBegun(segment)
    return { file, segment }
  }

  async #settle(count: number, bytes: number): Promise<boolean> {
    const active = this.#active
    if (!active) return false
    await active.file.datasync()
    active.segment.bytes += bytes
    active.segment.next += count
    if (active.segment.bytes >= segmentBytesMax) await this.close()
    return true
  }

  /** Ends a wait for space. */
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
