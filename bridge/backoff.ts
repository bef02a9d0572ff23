/** Full jitter (AWS Architecture Blog, "Exponential Backoff and Jitter"): a random wait between 0 and a bound that doubles. */
export interface BackoffLimits {
  firstMs: number
  /** The longest wait between two attempts. The number of attempts has no limit. */
  longestMs: number
}

export class Backoff {
  readonly #limits: BackoffLimits
  readonly #random: () => number
  #failures = 0

  constructor(limits: BackoffLimits, random: () => number = Math.random) {
    this.#limits = limits
    this.#random = random
  }

  nextMs(): number {
    const bound = Math.min(this.#limits.longestMs, this.#limits.firstMs * 2 ** Math.min(this.#failures, 30))
    this.#failures += 1
    return Math.round(this.#random() * bound)
  }

  reset(): void {
    this.#failures = 0
  }
}
