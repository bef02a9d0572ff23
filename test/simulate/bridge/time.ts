import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../../../bridge/operate/clock.ts'
import type { Chance } from './chance.ts'

interface Due {
  atMs: number
  order: number
  call: () => void
  life: Life | undefined
}

/** The life of one bridge process. Its timers never fire after its death, and are delayed while it is stopped. */
export class Life {
  isAlive = true
  stoppedUntilMs = 0

  kill(): void {
    this.isAlive = false
  }
}

/** Simulated time: it jumps to the next timer once all work of the previous one has run. */
export class Time {
  /** Milliseconds since the simulation began. */
  nowMs = 0
  /** The wall clock minus `nowMs`; a fault may change it. */
  wallMs = Date.parse('2026-03-29T00:30:00.000Z')
  events = 0
  readonly #chance: Chance
  readonly #heap: Due[] = []
  #order = 0

  constructor(chance: Chance) {
    this.#chance = chance
  }

  after(ms: number, call: () => void, life?: Life): () => void {
    this.#order += 1
    const due: Due = { atMs: this.nowMs + Math.max(0, ms), order: this.#order, call, life }
    this.#push(due)
    return () => {
      due.call = () => undefined
      due.life = undefined
    }
  }

  /** Returns the clock of a process. Each timer fires up to 1 ms late, by chance. */
  clock(life: Life): Clock {
    return {
      nowMs: () => Math.floor(this.wallMs + this.nowMs),
      monotonicMs: () => this.nowMs,
      after: (ms, call) => this.after(ms + this.#chance.next(), call, life),
      random: () => this.#chance.next(),
    }
  }

  /** Resolves after `ms`; never, if the process has died. */
  pass(ms: number, life: Life): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve, life))
  }

  /** Runs until `untilMs`, until no timer is left, or until `isOver` returns true. */
  async run(untilMs: number, isOver: () => boolean = () => false): Promise<void> {
    for (;;) {
      const due = this.#heap[0]
      if (!due || due.atMs > untilMs || isOver()) break
      this.#pop()
      if (due.life && !due.life.isAlive) continue
      this.nowMs = Math.max(this.nowMs, due.atMs)
      if (due.life && due.life.stoppedUntilMs > this.nowMs) {
        due.atMs = due.life.stoppedUntilMs
        this.#push(due)
        continue
      }
      this.events += 1
      due.call()
      await turn()
    }
    this.nowMs = Math.max(this.nowMs, untilMs)
  }

  #push(due: Due): void {
    const heap = this.#heap
    let at = heap.push(due) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(due, heap[parent])) break
      heap[at] = heap[parent] as Due
      at = parent
    }
    heap[at] = due
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (!last || heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Due, heap[child])) child += 1
      if (child >= heap.length || !isBefore(heap[child] as Due, last)) break
      heap[at] = heap[child] as Due
      at = child
    }
    heap[at] = last
  }
}

function isBefore(a: Due, b: Due | undefined): boolean {
  return b !== undefined && (a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order))
}
