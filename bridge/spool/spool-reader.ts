import type { Disk } from './disk.ts'
import { type Segment, segmentPath } from './recover.ts'
import { recordBytesMax, recordsIn, type SpoolRecord } from './segment.ts'

/**
 * Reads records in order. A piece of a segment is read at a time, into the same memory again and again, since a long backlog in
 * memory of its own is mostly work for the garbage collector; its records are checked as they are asked for.
 */
export class SpoolReader {
  readonly #disk: Disk
  readonly #folder: string
  #segment: Segment | undefined
  /** The next record: its number, and where in the segment it or the damage before it begins. */
  #number = 0
  #offset = 0
  #memory = Buffer.alloc(0)
  /** What is in memory of the segment, and from which offset on. */
  #piece = Buffer.alloc(0)
  #pieceOffset = 0

  constructor(disk: Disk, folder: string) {
    this.#disk = disk
    this.#folder = folder
  }

  /**
   * Some records of [from, to) in order, at least one if any is whole, about `bytesMax` at most; damaged ones are missing. The
   * payloads hold until the next call.
   */
  async read(segments: readonly Segment[], from: number, to: number, bytesMax: number): Promise<SpoolRecord[]> {
    for (const segment of segments) {
      if (segment.next <= from || segment.first >= to) continue
      if (segment !== this.#segment || this.#number > from) this.#begin(segment)
      do {
        const records = this.#take(from, to, bytesMax)
        if (records.length > 0) return records
      } while (await this.#readOn(segment))
    }
    return []
  }

  #begin(segment: Segment): void {
    this.#segment = segment
    this.#number = segment.first
    this.#offset = 0
    // The rest of the last segment, behind damage, took more.
    if (this.#memory.length > recordBytesMax) this.#memory = Buffer.alloc(0)
    this.#piece = this.#memory.subarray(0, 0)
    this.#pieceOffset = 0
  }

  #take(from: number, to: number, bytesMax: number): SpoolRecord[] {
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

  /** The piece from the next record on; behind damage that fills a whole piece, the rest. False if there is no more. */
  async #readOn(segment: Segment): Promise<boolean> {
    const rest = segment.bytes - this.#offset
    const isSeen = this.#offset === this.#pieceOffset ? this.#piece.length : 0
    if (rest <= isSeen) return false
    const length = isSeen < recordBytesMax ? Math.min(recordBytesMax, rest) : rest
    if (this.#memory.length < length) this.#memory = Buffer.allocUnsafe(length)
    // Until it is read whole, nothing is in memory.
    this.#piece = this.#memory.subarray(0, 0)
    this.#pieceOffset = this.#offset
    const piece = this.#memory.subarray(0, length)
    const filled = await this.#disk.readInto(segmentPath(this.#folder, segment.first), this.#offset, piece)
    this.#piece = piece.subarray(0, filled)
    return filled > isSeen
  }
}
