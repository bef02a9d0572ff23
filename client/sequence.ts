/** A hole this wide is not waited for: the set of what came after it would grow. */
const aheadMax = 10_000

/**
 * The dense counts `k` of one topic: says whether one is missing. Between a snapshot and its first delta nothing is known
 * of where the counts stand; with a new epoch they begin at 1.
 */
export class Sequence {
  epoch = 0
  /** The count that comes next; 0 while unknown. */
  #next = 0
  readonly #ahead = new Set<number>()

  take(epoch: number, ks: readonly number[]): void {
    if (epoch < this.epoch || ks.length === 0) return
    if (epoch > this.epoch) {
      this.#next = this.epoch && 1
      this.epoch = epoch
      this.#ahead.clear()
    }
    this.#next ||= Math.min(...ks)
    for (const k of ks) if (k >= this.#next) this.#ahead.add(k)
    while (this.#ahead.delete(this.#next)) this.#next++
    if (this.#ahead.size > aheadMax) this.accept()
  }

  get hasHole(): boolean {
    return this.#ahead.size > 0
  }

  /** What is missing so far will be told in another way. */
  accept(): void {
    this.#next = Math.max(this.#next - 1, ...this.#ahead) + 1
    this.#ahead.clear()
  }
}
