import { packedBodyBytesTarget, unpackedBytesMax } from '../../contracts/limits.ts'
import type { SiteId } from '../../contracts/names.ts'
import { type Lane, packBody } from '../../contracts/packed-body.ts'

export interface PackerOptions {
  site: SiteId
  key: string
  sign(bytes: Uint8Array): Uint8Array
}

/** Half of what a reader accepts, which leaves room for line breaks. */
const rawBytesMax = unpackedBytesMax / 2
/** Expected body bytes per raw byte. Small batches compress little, and base64 adds a third. Each body corrects it. */
const initialRatio = 0.5

/** Packs lines into SQS bodies of at most 64 KiB, one billed request. It estimates from the last body how many lines fit. */
export class Packer {
  readonly #options: PackerOptions
  #ratio = initialRatio

  constructor(options: PackerOptions) {
    this.#options = options
  }

  /** Packs the first `count` lines, at least one. A body of one line may exceed the target, but never SQS's limit. */
  pack(lane: Lane, lines: readonly Uint8Array[]): { body: string; count: number } {
    const { site, key, sign } = this.#options
    let count = this.#estimateCount(lines)
    for (;;) {
      const taken = lines.slice(0, count)
      const body = packBody({ site, key, lane }, taken, sign)
      this.#ratio = body.length / taken.reduce((sum, line) => sum + line.length, 0)
      if (body.length <= packedBodyBytesTarget || count === 1) return { body, count }
      // Each turn removes at least a tenth of the lines: at most 20 turns, for 8 MiB of incompressible lines.
      count = Math.max(1, Math.floor(count * Math.min(0.9, (packedBodyBytesTarget / body.length) * 0.95)))
    }
  }

  /** Packs all lines. A body holds `count` of them, beginning with the line of index `from`. */
  packAll(lane: Lane, lines: readonly Uint8Array[]): { body: string; from: number; count: number }[] {
    const packed: { body: string; from: number; count: number }[] = []
    for (let from = 0; from < lines.length; ) {
      const { body, count } = this.pack(lane, lines.slice(from))
      packed.push({ body, from, count })
      from += count
    }
    return packed
  }

  #estimateCount(lines: readonly Uint8Array[]): number {
    const rawBytes = Math.min(rawBytesMax, (packedBodyBytesTarget * 0.9) / this.#ratio)
    let bytes = 0
    let count = 0
    for (const line of lines) {
      bytes += line.length + 1
      if (bytes > rawBytes) break
      count += 1
    }
    return Math.max(1, count)
  }
}
