import { Backoff } from '../backoff.ts'

/** Up to 30 s between attempts, without end: 2,880 attempts a day at the slowest, which loads neither side. */
const limits = { firstMs: 500, longestMs: 30_000 }
/** A shorter connection counts as another failure, so that the bridge backs off from a PBX that keeps dropping it. */
const goodAfterMs = 10_000
/**
 * A PBX that nobody can connect to is tried about twice a second, so that it is shown within 5 s after its return. An attempt costs a
 * packet, or 5 s of waiting if the PBX hangs.
 */
const unreachableMs = { least: 200, most: 800 }

/** Decides how long to wait before the next connection. */
export class ReconnectPolicy {
  readonly #backoff: Backoff
  readonly #random: () => number

  constructor(random: () => number = Math.random) {
    this.#backoff = new Backoff(limits, random)
    this.#random = random
  }

  /** `livedMs` is how long the last connection was open, 0 if it failed. */
  nextMs(livedMs: number): number {
    if (livedMs >= goodAfterMs) this.#backoff.reset()
    return this.#backoff.nextMs()
  }

  /** No connection was made at all: there is nobody to spare. */
  unreachableMs(): number {
    this.#backoff.reset()
    return Math.round(unreachableMs.least + this.#random() * (unreachableMs.most - unreachableMs.least))
  }
}
