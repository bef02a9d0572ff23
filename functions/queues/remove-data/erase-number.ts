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
  /** Features that store numbers outside the call log; each erases the number and returns how many items it changed. */
  others: readonly { name: string; erase(site: SiteId, number: string, numbering: Numbering): Promise<number> }[]
}

/** Erases a number from all data of a site. A repetition finds nothing more to do. */
export async function eraseNumber(
  site: SiteId,
  number: string,
  dependencies: EraseNumberDependencies & { months: Months },
  count: Count,
): Promise<void> {
  const numbering = await dependencies.numberingOf(site)
  const canonical = canonicalNumber(number, numbering)
  await eachBusyMonth(site, { ...dependencies.months, records: dependencies.tables.records }, async (month) => {
    const linkedids = await dependencies.cdrs.erase(site, month, canonical, numbering)
    count('call records', linkedids.length)
    for (const linkedid of new Set(linkedids)) {
      // Each state of a time line names its parties, so the whole time line is removed. The call record remains.
      for (const { table, name, pk } of callPartitions(site, linkedid)) {
        if (table === 'live') count(name, await dependencies.tables.live.empty(pk))
      }
    }
  })
  for (const part of dependencies.others) count(part.name, await part.erase(site, canonical, numbering))
}
