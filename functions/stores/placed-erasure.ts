import type { SiteId } from '../../contracts/names.ts'
import { holdsNumber } from '../domain/personal/holds-number.ts'
import { canonicalNumber, type Numbering } from '../domain/phone-number.ts'
import type { PartitionStore } from './partitions.ts'
import type { PlacedCallStore } from './placed-calls.ts'
import { keys } from './table-keys.ts'

/** Calls by API to or about a number: those that never came to ring have no call record by which they would be found. */
export class PlacedErasure {
  readonly #calls: Pick<PlacedCallStore, 'find'>
  readonly #live: Pick<PartitionStore, 'pages' | 'remove' | 'empty'>
  constructor(calls: Pick<PlacedCallStore, 'find'>, live: Pick<PartitionStore, 'pages' | 'remove' | 'empty'>) {
    this.#calls = calls
    this.#live = live
  }

  /** Removes them with their time lines, and answers how many they were. `number` is canonical. */
  async erase(site: SiteId, number: string, numbering: Numbering): Promise<number> {
    let found = 0
    // Thirty days of them: 1,000 a day are 30 pages of a thousand keys at the most.
    for await (const page of this.#live.pages(keys.placedCall(site, '').pk)) {
      for (const key of page) {
        const row = await this.#calls.find(site, key.sk)
        const texts = row ? [row.to, row.dial, row.callerId ?? '', ...Object.values(row.metadata ?? {})] : []
        const isOf = (text: string) => canonicalNumber(text, numbering) === number || holdsNumber(text, number)
        if (!texts.some(isOf)) continue
        await this.#live.empty(keys.timeLine(site, key.sk))
        found += await this.#live.remove([key])
      }
    }
    return found
  }
}
