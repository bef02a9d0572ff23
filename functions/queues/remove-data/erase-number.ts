import type { SiteId } from '../../../contracts/names.ts'
import type { Numbering } from '../../domain/phone-number.ts'
import { canonicalNumber } from '../../domain/phone-number.ts'
import type { Count, Months, Partitions } from './delete-site.ts'
import { eachBusyMonth, type MonthScan } from './months.ts'
import { callPartitions } from './site-partitions.ts'

export interface EraseNumberDependencies {
  numberingOf(site: SiteId): Promise<Numbering>
  cdrs: { erase(site: SiteId, month: string, number: string, numbering: Numbering): Promise<string[]> }
  tables: { live: Partitions; records: MonthScan['records'] }
  /** What other features know of a number; each erases it from its own and answers how many items it changed. */
  others: readonly { name: string; erase(site: SiteId, number: string, numbering: Numbering): Promise<number> }[]
}

/** Erases a number from everything a site keeps. Done twice, it finds nothing the second time. */
export async function eraseNumber(
  site: SiteId,
  number: string,
  erasing: EraseNumberDependencies & { months: Months },
  count: Count,
): Promise<void> {
  const numbering = await erasing.numberingOf(site)
  const canonical = canonicalNumber(number, numbering)
  await eachBusyMonth(site, { ...erasing.months, records: erasing.tables.records }, async (month) => {
    const linkedids = await erasing.cdrs.erase(site, month, canonical, numbering)
    count('call records', linkedids.length)
    for (const linkedid of new Set(linkedids)) {
      // A time line is told by states, each with its parties; what is left of the call is its record.
      for (const { table, name, pk } of callPartitions(site, linkedid)) {
        if (table === 'live') count(name, await erasing.tables.live.empty(pk))
      }
    }
  })
  for (const part of erasing.others) count(part.name, await part.erase(site, canonical, numbering))
}
