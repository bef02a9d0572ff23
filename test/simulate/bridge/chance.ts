import { mulberry32 } from '../../support/random.ts'

/** Chance from a seed, so that a failing run can be had again. */
export class Chance {
  /** From 0 up to, not with, 1. */
  readonly next: () => number

  constructor(seed: number) {
    this.next = mulberry32(seed)
  }

  between(from: number, to: number): number {
    return from + this.next() * (to - from)
  }

  /** A whole number from `from` up to, not with, `to`. */
  whole(from: number, to: number): number {
    return Math.floor(this.between(from, to))
  }

  /** True in this part of the cases. */
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
