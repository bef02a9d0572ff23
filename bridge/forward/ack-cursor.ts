/**
 * Which records are done. Lanes finish records out of order; the spool may forget only a contiguous run, so ranges done
 * beyond the first hole wait here. Memory: one entry a range, and a lane has few messages in flight.
 */
export class AckCursor {
  #next: number
  readonly #beyond = new Map<number, number>()

  constructor(next: number) {
    this.#next = next
  }

  /** Every record below is done. */
  get next(): number {
    return this.#next
  }

  /** Records [from, to) are done. Ranges never overlap, since a record is with one lane at a time. */
  complete(from: number, to: number): number {
    if (to > from) this.#beyond.set(from, to)
    for (let end = this.#beyond.get(this.#next); end !== undefined; end = this.#beyond.get(this.#next)) {
      this.#beyond.delete(this.#next)
      this.#next = end
    }
    return this.#next
  }
}
