/** Counts events and errors since the process started, by errorId. Names are few and fixed: a name never contains a value. */
export class Counters {
  readonly #counts = new Map<string, number>()

  add(errorId: string, count = 1): void {
    this.#counts.set(errorId, (this.#counts.get(errorId) ?? 0) + count)
  }

  get(errorId: string): number {
    return this.#counts.get(errorId) ?? 0
  }

  snapshot(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}
