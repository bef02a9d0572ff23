import type { SiteId } from '../../contracts/names.ts'
import { holdsNumber } from '../domain/personal/holds-number.ts'
import { canonicalNumber, type Numbering } from '../domain/phone-number.ts'
import type { PartitionStore } from './partitions.ts'
import type { PlacedCallStore } from './placed-calls.ts'
import { keys } from './table-keys.ts'

/**
 * Erases a number from the calls placed through the API. A call that never rang has no call record, so it is not found
 * through the call log.
 */
export class PlacedErasure {
  readonly #calls: Pick<PlacedCallStore, 'find'>
  readonly #live: Pick<PartitionStore, 'pages' | 'remove' | 'empty'>
  constructor(calls: Pick<PlacedCallStore, 'find'>, live: Pick<PartitionStore, 'pages' | 'remove' | 'empty'>) {
    this.#calls = calls
    this.#live = live
  }

  /** Removes the calls to or about a number, with their time lines, and returns how many there were. `number` is canonical. */
  async erase(site: SiteId, number: string, numbering: Numbering): Promise<number> {
    let found = 0
    // Calls are kept for 30 days: 1,000 calls a day are 30 pages of a thousand keys.
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
