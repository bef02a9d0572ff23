import type { PostOutcome } from '../../../functions/gateways/sockets.ts'
import type { Chance } from './chance.ts'

/** Decides which faults happen, and counts them by name. While it is off, everything is fast and nothing fails. */
export class Faults {
  readonly counts = new Map<string, number>()
  isOn = true
  /** Whether posts to sockets may be lost. If not, a client must be right without requesting what it missed. */
  readonly losesPosts: boolean
  readonly #chance: Chance
  readonly #slowStore: number

  /** `slowStore` is the probability that a request to the table takes up to 4 s. */
  constructor(chance: Chance, losesPosts: boolean, slowStore: number) {
    this.#slowStore = slowStore
    this.#chance = chance
    this.losesPosts = losesPosts
  }

  strikes(name: string, probability: number): boolean {
    if (!this.isOn || !this.#chance.happens(probability)) return false
    this.count(name)
    return true
  }

  count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
  }

  messageDelayMs(): number {
    if (this.strikes('shuffle', 0.1)) return this.#chance.between(100, 3_000)
    if (this.strikes('message held up', 0.02)) return this.#chance.between(3_000, 300_000)
    return this.#chance.between(1, 20)
  }

  doubleAfterMs(): number | undefined {
    return this.strikes('redelivery', 0.1) ? this.#chance.between(5, 300_000) : undefined
  }

  killAfterMs(): number | undefined {
    return this.strikes('function killed', 0.06) ? this.#chance.between(1, 120) : undefined
  }

  storeMs(): number {
    return this.strikes('slow store', this.#slowStore) ? this.#chance.between(20, 4_000) : this.#chance.between(0.5, 5)
  }

  storeFails(): boolean {
    return this.strikes('store throttled', 0.004)
  }

  postMs(): number {
    return this.strikes('slow post', 0.01) ? this.#chance.between(50, 900) : this.#chance.between(1, 10)
  }

  networkMs(): number {
    return this.strikes('slow network', 0.02) ? this.#chance.between(50, 3_000) : this.#chance.between(1, 30)
  }

  postOutcome(): PostOutcome {
    if (this.losesPosts && this.strikes('post throttled', 0.05)) return 'throttled'
    if (this.losesPosts && this.strikes('post lost', 0.02)) return 'failed'
    return 'sent'
  }
}
