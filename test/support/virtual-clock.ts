/** A virtual clock: time passes only when nothing else can happen. */
export class VirtualClock {
  now = Date.parse('2026-11-23T19:00:00Z')
  readonly #timers: { at: number; run: () => void }[] = []

  after(ms: number, run: () => void): void {
    const at = this.now + ms
    const index = this.#timers.findIndex((timer) => timer.at > at)
    this.#timers.splice(index < 0 ? this.#timers.length : index, 0, { at, run })
  }

  /** When the next timer ends. */
  get nextAt(): number {
    return this.#timers[0]?.at ?? Number.POSITIVE_INFINITY
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve))
  }

  /** Runs until a time, or until there is nothing left to do. */
  async runUntil(end: number): Promise<void> {
    for (;;) {
      // Everything that is not waiting for the clock runs first.
      await new Promise((resolve) => setImmediate(resolve))
      const [next] = this.#timers
      if (!next || next.at > end) return
      this.now = Math.max(this.now, next.at)
      for (const { run } of this.#timers.splice(0, this.#timers.findLastIndex(({ at }) => at <= this.now) + 1)) run()
    }
  }
}
