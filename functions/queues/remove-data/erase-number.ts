import { Topic } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { type NumberSearch, numberSearch } from '../../../contracts/numbers/number-search.ts'
import type { Numbering } from '../../domain/phone-number.ts'
import { keys } from '../../stores/table-keys.ts'
import type { Count, Months, Partitions } from './delete-site.ts'
import { eachBusyMonth, type MonthScan } from './months.ts'
import { callPartitions } from './site-partitions.ts'

interface Items {
  erase(pk: string, search: NumberSearch, before?: (sk: string) => Promise<unknown>): Promise<number>
}
export interface EraseNumberDependencies {
  numberingOf(site: SiteId): Promise<Numbering>
  cdrs: { erase(site: SiteId, month: string, search: NumberSearch): Promise<string[]> }
  tables: { live: Partitions; records: MonthScan['records'] }
  items: { records: Items; live: Items & { eraseTimeLines(site: SiteId, search: NumberSearch): Promise<number> } }
  /** Features that store numbers in other places; each erases the number and returns how many items it changed. */
  others: readonly { name: string; erase(site: SiteId, search: NumberSearch): Promise<number> }[]
}

/**
 * Erases a number from all data of a site: each pass searches every item of it. A repetition that finds nothing proves that
 * the number is gone.
 */
export async function eraseNumber(
  site: SiteId,
  number: string,
  dependencies: EraseNumberDependencies & { months: Months },
  count: Count,
): Promise<void> {
  const { tables, items, cdrs, months, others } = dependencies
  const search = numberSearch(number, await dependencies.numberingOf(site))
  await eachBusyMonth(site, { ...months, records: tables.records }, async (month) => {
    const linkedids = await cdrs.erase(site, month, search)
    count('call records', linkedids.length)
    for (const linkedid of new Set(linkedids)) {
      // Each state of a time line names its parties, so the whole time line is removed. The call record remains.
      for (const { table, name, pk } of callPartitions(site, linkedid)) {
        if (table === 'live') count(name, await tables.live.empty(pk))
      }
    }
    if (!search.isInTexts) return
    // A trunk may have the number in its name.
    for (const pk of [keys.hours(site, month), keys.lineHours(site, month)])
      count('totals', await items.records.erase(pk, search))
  })
  const emptyTimeLine = (call: string) => tables.live.empty(keys.timeLine(site, call))
  count('calls by API', await items.live.erase(keys.placedCall(site, '').pk, search, emptyTimeLine))
  if (!search.isInTexts) return
  count('endpoints', await items.live.erase(keys.endpoints(site), search))
  count('live calls', await items.live.erase(keys.calls(site), search))
  count('queues', await items.live.erase(keys.queues(site), search))
  for (const topic of Topic.options)
    count('subscriptions', await items.live.erase(keys.subscriptions(site, topic), search))
  count('time lines', await items.live.eraseTimeLines(site, search))
  count('verified days', await items.records.erase(keys.dayVerified(site, '').pk, search))
  for (const part of others) count(part.name, await part.erase(site, search))
}
