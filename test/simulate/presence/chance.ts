import { mulberry32 } from '../../support/random.ts'

/** Seeded random choices: the same seed gives the same schedule. */
export class Chance {
  /** At least 0, below 1. */
  readonly next: () => number
  constructor(seed: number) {
    this.next = mulberry32(seed)
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least)
  }

  happens(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.next() * items.length)]
  }
}
