/** Counts of values by upper bound, as Prometheus's histograms are. */
export class Histogram {
  readonly #bounds: readonly number[]
  /** One count for each bound, and one for greater values. */
  readonly #counts: number[]
  #sum = 0

  /** `bounds` grow. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = Array<number>(bounds.length + 1).fill(0)
  }

  /** A value that is not finite, such as a difference to an invalid time, is left out. */
  observe(value: number): void {
    if (!Number.isFinite(value)) return
    const at = this.#bounds.findIndex((bound) => value <= bound)
    const bucket = at < 0 ? this.#bounds.length : at
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#sum += value
  }

  /** The count of values up to each bound, `Infinity` last, and the sum of all values. */
  snapshot(): { buckets: { bound: number; count: number }[]; sum: number } {
    let total = 0
    const buckets = [...this.#bounds, Number.POSITIVE_INFINITY].map((bound, at) => {
      total += this.#counts[at] ?? 0
      return { bound, count: total }
    })
    return { buckets, sum: this.#sum }
  }
}
