import { packedBodyBytesTarget, unpackedBytesMax } from '../../contracts/limits.ts'
import type { SiteId } from '../../contracts/names.ts'
import { type Lane, packBody } from '../../contracts/packed-body.ts'

export interface PackerOptions {
  site: SiteId
  key: string
  sign(bytes: Uint8Array): Uint8Array
}

/** Leaves room for the line breaks, so that a body never unpacks to more than a reader takes. */
const rawBytesMax = unpackedBytesMax / 2
/** Small batches shrink little: base64 alone makes 4/3 of the bytes. Corrected by what each body measures. */
const ratioAtStart = 0.5

/** Fills SQS bodies to one billing step of 64 KiB, guessing from the last body how many lines fit and measuring each. */
export class Packer {
  readonly #options: PackerOptions
  #ratio = ratioAtStart

  constructor(options: PackerOptions) {
    this.#options = options
  }

  /** One body of the first lines, at least one of them. A body of one line may be over the target, never over SQS's limit. */
  pack(lane: Lane, lines: readonly Uint8Array[]): { body: string; count: number } {
    const { site, key, sign } = this.#options
    let count = this.#guess(lines)
    for (;;) {
      const taken = lines.slice(0, count)
      const body = packBody({ site, key, lane }, taken, sign)
      this.#ratio = body.length / taken.reduce((sum, line) => sum + line.length, 0)
      if (body.length <= packedBodyBytesTarget || count === 1) return { body, count }
      // Each turn takes at least a tenth away: 20 turns at the worst for 8 MiB of lines that do not compress.
      count = Math.max(1, Math.floor(count * Math.min(0.9, (packedBodyBytesTarget / body.length) * 0.95)))
    }
  }

  #guess(lines: readonly Uint8Array[]): number {
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
