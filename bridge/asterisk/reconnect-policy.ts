import { Backoff } from '../backoff.ts'

/** Up to 30 s between tries, for ever: 2,880 tries a day at the slowest, which hurts nobody. */
const limits = { firstMs: 500, longestMs: 30_000 }
/** A connection that lived this long was a good one; a shorter one counts as one more failure, so that a flapping PBX is left in peace. */
const goodAfterMs = 10_000

/** How long to wait before the next connection. */
export class ReconnectPolicy {
  readonly #backoff: Backoff

  constructor(random: () => number = Math.random) {
    this.#backoff = new Backoff(limits, random)
  }

  /** `livedMs` is how long the last connection stood, 0 if it was never made. */
  nextMs(livedMs: number): number {
    if (livedMs >= goodAfterMs) this.#backoff.reset()
    return this.#backoff.nextMs()
  }
}
