import type { SiteId } from '../../../contracts/names.ts'
import type { Numbering } from '../../domain/phone-number.ts'
import { canonicalNumber } from '../../domain/phone-number.ts'
import type { Count, Emptier } from './delete-site.ts'
import { callPartitions, eachMonth } from './site-partitions.ts'

export interface NumberErasing {
  numberingOf(site: SiteId): Promise<Numbering>
  cdrs: { erase(site: SiteId, month: string, number: string, numbering: Numbering): Promise<string[]> }
  tables: { live: Emptier }
  /** What other features know of a number; each erases it from its own and answers how many items it changed. */
  others: readonly { name: string; erase(site: SiteId, number: string): Promise<number> }[]
  now: number
}

/** Erases a number from everything a site keeps. Done twice, it finds nothing the second time. */
export async function eraseNumber(site: SiteId, number: string, erasing: NumberErasing, count: Count): Promise<void> {
  const numbering = await erasing.numberingOf(site)
  const canonical = canonicalNumber(number, numbering)
  await eachMonth(erasing.now, async (month) => {
    const linkedids = await erasing.cdrs.erase(site, month, canonical, numbering)
    count('call records', linkedids.length)
    for (const linkedid of new Set(linkedids)) {
      // A time line is told by states, each with its parties; what is left of the call is its record.
      for (const { table, name, pk } of callPartitions(site, linkedid)) {
        if (table === 'live') count(name, await erasing.tables.live.empty(pk))
      }
    }
  })
  for (const part of erasing.others) count(part.name, await part.erase(site, canonical))
}
