/** What was put aside, refused or dropped since the process began, by errorId. Few and fixed names: no value is a label. */
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
