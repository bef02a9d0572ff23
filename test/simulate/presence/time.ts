import type { Clock } from '../../../client/clock.ts'
import type { Chance } from './chance.ts'

interface Due {
  at: number
  n: number
  task: () => void
}

/**
 * Virtual time. All waits of the code under test end here, and between two tasks every promise that can continue does. So
 * the seed alone decides a schedule.
 */
export class Time implements Clock {
  #now: number
  #n = 0
  readonly #chance: Chance
  /** A binary heap, ordered by time, then by order of scheduling. */
  readonly #heap: Due[] = []

  constructor(startMs: number, chance: Chance) {
    this.#now = startMs
    this.#chance = chance
  }

  now = (): number => Math.floor(this.#now)
  random = (): number => this.#chance.next()

  after(delayMs: number, task: () => void): () => void {
    const due = { at: this.#now + Math.max(0, delayMs), n: this.#n++, task }
    this.#push(due)
    return () => {
      due.task = () => undefined
    }
  }

  wait = (ms: number): Promise<void> => new Promise((resolve) => this.after(ms, resolve))

  async runUntil(end: number): Promise<void> {
    for (let due = this.#heap[0]; due && due.at <= end; due = this.#heap[0]) {
      this.#pop()
      this.#now = due.at
      due.task()
      await new Promise(setImmediate)
    }
    this.#now = end
  }

  #before(a: Due | undefined, b: Due | undefined): boolean {
    if (!a || !b) return a !== undefined
    return a.at < b.at || (a.at === b.at && a.n < b.n)
  }

  #push(due: Due): void {
    const heap = this.#heap
    let i = heap.push(due) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!this.#before(heap[i], heap[parent])) break
      this.#swap(i, parent)
      i = parent
    }
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (!last || heap.length === 0) return
    heap[0] = last
    for (let i = 0; ; ) {
      const [left, right] = [2 * i + 1, 2 * i + 2]
      let least = i
      if (left < heap.length && this.#before(heap[left], heap[least])) least = left
      if (right < heap.length && this.#before(heap[right], heap[least])) least = right
      if (least === i) return
      this.#swap(i, least)
      i = least
    }
  }

  #swap(i: number, j: number): void {
    const [a, b] = [this.#heap[i], this.#heap[j]]
    if (!a || !b) return
    this.#heap[i] = b
    this.#heap[j] = a
  }
}
