import { mulberry32 } from '../../support/random.ts'

/** Seeded random numbers, so that a failing run can be repeated. */
export class Chance {
  /** Returns a number in [0, 1). */
  readonly next: () => number

  constructor(seed: number) {
    this.next = mulberry32(seed)
  }

  between(from: number, to: number): number {
    return from + this.next() * (to - from)
  }

  /** Returns a whole number in [from, to). */
  whole(from: number, to: number): number {
    return Math.floor(this.between(from, to))
  }

  /** Returns true with the probability `part`. */
  in(part: number): boolean {
    return this.next() < part
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.whole(0, items.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }

  shuffled<T>(items: readonly T[]): T[] {
    const left = [...items]
    return items.flatMap(() => left.splice(this.whole(0, left.length), 1))
  }
}
