import { Topic } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { NumberSearch } from '../../../contracts/numbers/number-search.ts'
import type { Erasing } from '../../domain/personal/erasing.ts'
import { type RowKind, rowKinds } from '../../stores/cdr-erasure.ts'
import type { Position } from '../../stores/position.ts'
import { keys } from '../../stores/table-keys.ts'
import type { Partitions } from './delete-site.ts'
import { eachBusyMonth, type MonthScan } from './months.ts'
import type { Pass } from './pass.ts'
import { callPartitions } from './site-partitions.ts'

interface Items {
  erase(
    pk: string,
    search: NumberSearch,
    position: Position,
    before?: (sk: string) => Promise<unknown>,
  ): Promise<unknown>
}
export interface EraseNumberDependencies {
  cdrs: {
    erase(
      site: SiteId,
      month: string,
      kind: RowKind,
      erasing: Erasing,
      position: Position,
      before: (linkedid: string) => Promise<unknown>,
    ): Promise<unknown>
  }
  tables: { live: Partitions; records: MonthScan['records'] }
  items: {
    records: Items
    live: Items & {
      eraseParties(pk: string, search: NumberSearch, position: Position): Promise<unknown>
      eraseTimeLines(site: SiteId, search: NumberSearch, position: Position): Promise<unknown>
    }
  }
  /** Features that store numbers in other places, with `isForParties` extensions and names too; each erases the number and counts the items that it changed. */
  others: readonly {
    name: string
    isForParties?: boolean
    erase(site: SiteId, erasing: Erasing, pass: Pass): Promise<unknown>
  }[]
}

/**
 * Erases a number from all data of a site: each pass searches every item of it. A repetition that finds nothing proves that
 * the number is gone.
 */
export async function eraseNumber(
  site: SiteId,
  erasing: Erasing,
  pass: Pass,
  { now, since }: Pick<MonthScan, 'now' | 'since'>,
  dependencies: EraseNumberDependencies,
): Promise<void> {
  const { tables, items, others } = dependencies
  const { search } = erasing
  const scan: MonthScan = {
    now,
    since,
    records: tables.records,
    known: pass.known,
    isDone: (month) => pass.isDone(month),
    remember: (month) => pass.remember(month),
  }
  await eachBusyMonth(site, scan, async (month) => {
    await eraseMonth(site, month, erasing, pass, dependencies)
    await pass.finish(month)
  })
  const emptyTimeLine = (call: string) => tables.live.empty(keys.timeLine(site, call))
  const erase = (name: string, pk: string, at: Items, of = '') =>
    pass.step(name, of, (position) => at.erase(pk, search, position))
  await pass.step('calls by API', '', (position) =>
    items.live.erase(keys.placedCall(site, '').pk, search, position, emptyTimeLine),
  )
  if (search.isInTexts) {
    await erase('endpoints', keys.endpoints(site), items.live)
    await erase('live calls', keys.calls(site), items.live)
    await erase('queues', keys.queues(site), items.live)
    for (const topic of Topic.options) await erase('subscriptions', keys.subscriptions(site, topic), items.live, topic)
    await pass.step('time lines', '', (position) => items.live.eraseTimeLines(site, search, position))
    await erase('verified days', keys.dayVerified(site, '').pk, items.records)
  } else {
    await pass.step('live calls', 'parties', (position) => items.live.eraseParties(keys.calls(site), search, position))
  }
  for (const part of others) {
    const isSearched = search.isInTexts || part.isForParties
    if (isSearched) await pass.step(part.name, 'other', () => part.erase(site, erasing, pass))
  }
}

async function eraseMonth(
  site: SiteId,
  month: string,
  erasing: Erasing,
  pass: Pass,
  { cdrs, items, tables }: EraseNumberDependencies,
): Promise<void> {
  const emptied = new Set<string>()
  // Each state of a time line names its parties, so the whole time line is removed. The call record remains.
  const emptyTimeLine = async (linkedid: string) => {
    if (emptied.has(linkedid)) return
    for (const { table, name, pk } of callPartitions(site, linkedid)) {
      if (table === 'live') pass.count(name, await tables.live.empty(pk))
    }
    emptied.add(linkedid)
  }
  for (const kind of rowKinds) {
    // Rows by party repeat what the time row has, so only that is counted as a record.
    const name = kind === 'time' ? 'call records' : 'rows by party'
    await pass.step(name, `${month}/${kind}`, (position) =>
      cdrs.erase(site, month, kind, erasing, position, emptyTimeLine),
    )
  }
  if (!erasing.search.isInTexts) return
  // A trunk may have the number in its name.
  for (const pk of [keys.hours(site, month), keys.lineHours(site, month)]) {
    await pass.step('totals', `${month}/${pk}`, (position) => items.records.erase(pk, erasing.search, position))
  }
}
