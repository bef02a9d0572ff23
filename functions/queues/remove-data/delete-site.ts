import type { SiteId } from '../../../contracts/names.ts'
import type { SiteRow } from '../../stores/site-directory.ts'
import type { ItemKey } from '../../stores/table.ts'
import { eachBusyMonth, type MonthScan } from './months.ts'
import { callPartitions, livePartitions, monthPartitions, otherPartitions, type Part } from './site-partitions.ts'

export interface Partitions {
  empty(pk: string, prefix?: string, isWhole?: boolean): Promise<number>
  pages(pk: string, prefix?: string): AsyncIterable<ItemKey[]>
  remove(items: readonly ItemKey[]): Promise<number>
  has(pk: string): Promise<boolean>
}
/** What a pass knows of months, and tells the next one. */
export type Months = Omit<MonthScan, 'records'>
export interface DeleteSiteDependencies {
  directory: { row(site: SiteId): Promise<SiteRow | undefined>; markDeleting(site: SiteId): Promise<boolean> }
  keys: { removeAll(site: SiteId): Promise<number> }
  bridges: { removeAll(site: SiteId): Promise<number> }
  connections: { ofKey(site: SiteId): Promise<string[]>; close(id: string, site: SiteId): Promise<void> }
  sockets: { close(id: string): Promise<void> }
  commandQueues: { remove(url: string): Promise<void> }
  tables: Record<Part['table'], Partitions>
}
export type Count = (name: string, items: number) => void

/** Takes from everyone the right to write or read. Done twice, it finds nothing the second time. */
export async function closeSite(site: SiteId, deleting: DeleteSiteDependencies, count: Count): Promise<void> {
  const { directory, keys, bridges, connections, sockets, commandQueues } = deleting
  await directory.markDeleting(site)
  count('keys', await keys.removeAll(site))
  count('bridges', await bridges.removeAll(site))
  for (const id of await connections.ofKey(site)) {
    await connections.close(id, site)
    await sockets.close(id)
    count('sockets', 1)
  }
  const row = await directory.row(site)
  if (row?.commandQueue) await commandQueues.remove(row.commandQueue.url)
}

/** Removes all of a closed site but the row that says it is being deleted. Done twice, it finds nothing the second time. */
export async function emptySite(
  site: SiteId,
  { tables, months }: Pick<DeleteSiteDependencies, 'tables'> & { months: Months },
  count: Count,
): Promise<void> {
  const empty = async ({ table, name, pk, prefix, sk }: Part) =>
    count(name, await tables[table].empty(pk, sk ?? prefix, sk !== undefined))
  for (const part of livePartitions(site)) await empty(part)
  await eachBusyMonth(site, { ...months, records: tables.records }, async (month) => {
    for (const part of monthPartitions(site, month)) {
      if (part.name !== 'call records') await empty(part)
      else await emptyCalls(site, part, tables, count)
    }
  })
  for (const part of otherPartitions(site)) await empty(part)
}

/** Time rows, each after what is kept by its call. */
async function emptyCalls(
  site: SiteId,
  { pk, name }: Part,
  tables: DeleteSiteDependencies['tables'],
  count: Count,
): Promise<void> {
  for await (const page of tables.records.pages(pk)) {
    const linkedids = new Set(page.map(({ sk }) => sk.split('#')[1] ?? ''))
    for (const linkedid of linkedids) {
      for (const part of callPartitions(site, linkedid)) count(part.name, await tables[part.table].empty(part.pk))
    }
    count(name, await tables.records.remove(page))
  }
}
