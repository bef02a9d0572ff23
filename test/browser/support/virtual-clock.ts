import type { Clock } from '../../../client/clock.ts'

/** A clock that moves only by `advance`, which runs the timers that are due, each at its own time. */
export class VirtualClock implements Clock {
  #nowMs: number
  readonly #due = new Map<symbol, { at: number; task: () => void }>()
  /** What `random` returns: 0 or more, less than 1. */
  chance = 0.5

  constructor(nowMs = Date.parse('2026-11-24T08:00:00.000Z')) {
    this.#nowMs = nowMs
  }

  now(): number {
    return this.#nowMs
  }

  random(): number {
    return this.chance
  }

  after(delayMs: number, task: () => void): () => void {
    const id = Symbol('timer')
    this.#due.set(id, { at: this.#nowMs + delayMs, task })
    return () => this.#due.delete(id)
  }

  /** The number of pending timers; a stopped client has 0. */
  get timers(): number {
    return this.#due.size
  }

  /** Milliseconds until each timer runs, soonest first. */
  get delaysMs(): number[] {
    return [...this.#due.values()].map(({ at }) => at - this.#nowMs).sort((a, b) => a - b)
  }

  advance(ms: number): void {
    const end = this.#nowMs + ms
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#due.delete(next.id)
      this.#nowMs = next.at
      next.task()
    }
    this.#nowMs = end
  }

  #next(end: number) {
    const all = [...this.#due].map(([id, { at, task }]) => ({ id, at, task })).filter(({ at }) => at <= end)
    return all.sort((a, b) => a.at - b.at)[0]
  }
}
