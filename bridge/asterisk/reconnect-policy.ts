import { Backoff } from '../backoff.ts'
import { realClock } from '../operate/clock.ts'
import { AriRefusedError, AriUnreachableError } from './ari-errors.ts'

/** Up to 30 s between attempts, without end: 2,880 attempts a day at the slowest, which loads neither side. */
const limits = { firstMs: 500, longestMs: 30_000 }
/** A shorter connection counts as another failure, so that the bridge backs off from a PBX that keeps dropping it. */
const goodAfterMs = 10_000
/**
 * A PBX that nobody can connect to is tried about twice a second, so that it is shown within 5 s after its return. An attempt costs a
 * packet, or 5 s of waiting if the PBX hangs.
 */
const unreachableMs = { least: 200, most: 800 }
/** An Asterisk that boots refuses requests until it has loaded its modules. It answers at once, so one attempt a second is cheap. */
const refusedMs = { least: 500, most: 1_500 }
/** A large PBX boots within this. One that refuses for longer needs a person, and is spared. */
const bootMsMax = 300_000

/** Decides how long to wait before the next connection. */
export class ReconnectPolicy {
  readonly #backoff: Backoff
  readonly #random: () => number
  readonly #monotonicMs: () => number
  /** Since when attempts are refused, without another outcome between. */
  #refusedSinceMs: number | undefined

  constructor(random: () => number = Math.random, monotonicMs = realClock.monotonicMs) {
    this.#backoff = new Backoff(limits, random)
    this.#random = random
    this.#monotonicMs = monotonicMs
  }

  /** `livedMs` is how long the last connection was open, 0 if it failed. */
  nextMs(livedMs: number): number {
    this.#refusedSinceMs = undefined
    if (livedMs >= goodAfterMs) this.#backoff.reset()
    return this.#backoff.nextMs()
  }

  /** An attempt failed, after the connection was open if `isOpen`. */
  afterFailureMs(error: unknown, { isOpen, livedMs }: { isOpen: boolean; livedMs: number }): number {
    if (error instanceof AriUnreachableError && !isOpen && !error.isForeign) return this.unreachableMs()
    if (!(error instanceof AriRefusedError) || !error.shouldRetry()) return this.nextMs(livedMs)
    const nowMs = this.#monotonicMs()
    this.#refusedSinceMs ??= nowMs
    return nowMs - this.#refusedSinceMs < bootMsMax ? this.#between(refusedMs) : this.#backoff.nextMs()
  }

  /** No connection was made at all: there is nobody to spare. */
  unreachableMs(): number {
    this.#refusedSinceMs = undefined
    this.#backoff.reset()
    return this.#between(unreachableMs)
  }

  #between({ least, most }: { least: number; most: number }): number {
    return Math.round(least + this.#random() * (most - least))
  }
}
