/** With more counts than this after a missing one, the client stops waiting for it, so that the set does not grow. */
const aheadMax = 10_000

/**
 * Finds missing deltas of one topic by their counts `k`, which are consecutive. The first delta after a snapshot decides
 * where the counts begin; in a new epoch they begin at 1.
 */
export class Sequence {
  epoch = 0
  /** The next expected count; 0 while unknown. */
  #next = 0
  readonly #ahead = new Set<number>()

  take(epoch: number, ks: readonly number[]): void {
    if (epoch < this.epoch || ks.length === 0) return
    if (epoch > this.epoch) {
      this.#next = this.epoch === 0 ? 0 : 1
      this.epoch = epoch
      this.#ahead.clear()
    }
    if (this.#next === 0) this.#next = Math.min(...ks)
    for (const k of ks) if (k >= this.#next) this.#ahead.add(k)
    while (this.#ahead.delete(this.#next)) this.#next++
    if (this.#ahead.size > aheadMax) this.accept()
  }

  get isMissingSome(): boolean {
    return this.#ahead.size > 0
  }

  /** Stops waiting for the missing counts: a snapshot or a resume will bring their content. */
  accept(): void {
    this.#next = Math.max(this.#next - 1, ...this.#ahead) + 1
    this.#ahead.clear()
  }
}
