import type { Disk } from './disk.ts'
import { type Segment, segmentPath } from './recover.ts'
import { recordBytesMax, recordsIn, type SpoolRecord } from './segment.ts'

/**
 * Reads records in order, one piece of a segment at a time. It reuses one buffer: new buffers for a long backlog would keep
 * the garbage collector busy. Records are checked only when they are read.
 */
export class SpoolReader {
  readonly #disk: Disk
  readonly #folder: string
  #segment: Segment | undefined
  /** Number of the next record, and the offset in the segment of the record or of the damage before it. */
  #number = 0
  #offset = 0
  #memory = Buffer.alloc(0)
  /** The part of the segment that is in memory, and its offset. */
  #piece = Buffer.alloc(0)
  #pieceOffset = 0

  constructor(disk: Disk, folder: string) {
    this.#disk = disk
    this.#folder = folder
  }

  /**
   * Returns the first good records of [from, to), about `bytesMax` bytes, at least one record if there is one. Damaged records
   * are left out. The next call overwrites the payloads.
   */
  async read(segments: readonly Segment[], from: number, to: number, bytesMax: number): Promise<SpoolRecord[]> {
    for (const segment of segments) {
      if (segment.next <= from || segment.first >= to) continue
      if (segment !== this.#segment || this.#number > from) this.#startSegment(segment)
      do {
        const records = this.#recordsInPiece(from, to, bytesMax)
        if (records.length > 0) return records
      } while (await this.#readNextPiece(segment))
    }
    return []
  }

  #startSegment(segment: Segment): void {
    this.#segment = segment
    this.#number = segment.first
    this.#offset = 0
    // The buffer has grown if damage filled a piece of the last segment: free it.
    if (this.#memory.length > recordBytesMax) this.#memory = Buffer.alloc(0)
    this.#piece = this.#memory.subarray(0, 0)
    this.#pieceOffset = 0
  }

  #recordsInPiece(from: number, to: number, bytesMax: number): SpoolRecord[] {
    const records: SpoolRecord[] = []
    const base = this.#offset
    let bytes = 0
    for (const record of recordsIn(this.#piece.subarray(base - this.#pieceOffset), this.#number)) {
      if (record.number >= to || bytes >= bytesMax) break
      this.#number = record.number + 1
      this.#offset = base + record.end
      if (record.number < from) continue
      records.push(record)
      bytes += record.payload.length
    }
    return records
  }

  /** Reads the piece that starts at the next record, or the whole rest if damage fills a piece. False at the segment's end. */
  async #readNextPiece(segment: Segment): Promise<boolean> {
    const rest = segment.bytes - this.#offset
    const seenBytes = this.#offset === this.#pieceOffset ? this.#piece.length : 0
    if (rest <= seenBytes) return false
    const length = seenBytes < recordBytesMax ? Math.min(recordBytesMax, rest) : rest
    if (this.#memory.length < length) this.#memory = Buffer.allocUnsafe(length)
    // If the read fails, the buffer must not count as filled.
    this.#piece = this.#memory.subarray(0, 0)
    this.#pieceOffset = this.#offset
    const piece = this.#memory.subarray(0, length)
    const filled = await this.#disk.readInto(segmentPath(this.#folder, segment.first), this.#offset, piece)
    this.#piece = piece.subarray(0, filled)
    return filled > seenBytes
  }
}
