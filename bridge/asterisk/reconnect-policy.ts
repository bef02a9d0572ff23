import { Backoff } from '../backoff.ts'

/** Up to 30 s between attempts, without end: 2,880 attempts a day at the slowest, which loads neither side. */
const limits = { firstMs: 500, longestMs: 30_000 }
/** A shorter connection counts as another failure, so that the bridge backs off from a PBX that keeps dropping it. */
const goodAfterMs = 10_000

/** Decides how long to wait before the next connection. */
export class ReconnectPolicy {
  readonly #backoff: Backoff

  constructor(random: () => number = Math.random) {
    this.#backoff = new Backoff(limits, random)
  }

  /** `livedMs` is how long the last connection was open, 0 if it failed. */
  nextMs(livedMs: number): number {
    if (livedMs >= goodAfterMs) this.#backoff.reset()
    return this.#backoff.nextMs()
  }
}
