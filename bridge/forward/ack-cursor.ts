/**
 * Tracks which records are sent. The lanes finish records out of order, but the spool may delete only a contiguous run from
 * the start, so ranges beyond the first unsent record wait here. Memory: one entry per range; a lane has few in flight.
 */
export class AckCursor {
  #next: number
  readonly #waiting = new Map<number, number>()

  constructor(next: number) {
    this.#next = next
  }

  /** All records below this number are sent. */
  get next(): number {
    return this.#next
  }

  /** Notes that [from, to) is sent; returns `next`. Ranges never overlap, since one lane has a record at a time. */
  complete(from: number, to: number): number {
    if (to > from) this.#waiting.set(from, to)
    for (let end = this.#waiting.get(this.#next); end !== undefined; end = this.#waiting.get(this.#next)) {
      this.#waiting.delete(this.#next)
      this.#next = end
    }
    return this.#next
  }
}
