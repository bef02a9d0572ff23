import type { SiteId } from '../../../contracts/names.ts'
import type { SiteRow } from '../../stores/site-directory.ts'
import type { ItemKey } from '../../stores/table.ts'
import { eachBusyMonth, type MonthScan } from './months.ts'
import {
  callPartitions,
  livePartitions,
  monthPartitions,
  otherPartitions,
  type SitePartition,
} from './site-partitions.ts'

export interface Partitions {
  empty(pk: string, prefix?: string, isExact?: boolean): Promise<number>
  pages(pk: string, prefix?: string): AsyncIterable<ItemKey[]>
  remove(items: readonly ItemKey[]): Promise<number>
  has(pk: string): Promise<boolean>
}
/** Which months one pass of a removal looks at. */
export type Months = Omit<MonthScan, 'records'>
export interface DeleteSiteDependencies {
  directory: { row(site: SiteId): Promise<SiteRow | undefined>; markDeleting(site: SiteId): Promise<boolean> }
  keys: { removeAll(site: SiteId): Promise<number> }
  bridges: { removeAll(site: SiteId): Promise<number> }
  connections: { ofKey(site: SiteId): Promise<string[]>; close(id: string, site: SiteId): Promise<void> }
  sockets: { close(id: string): Promise<void> }
  commandQueues: { remove(url: string): Promise<void> }
  tables: Record<SitePartition['table'], Partitions>
}
/** Adds to the counts of the removal's receipt. */
export type Count = (name: string, items: number) => void

/** Revokes all access to a site and closes its sockets. A repetition finds nothing more to do. */
export async function closeSite(site: SiteId, dependencies: DeleteSiteDependencies, count: Count): Promise<void> {
  const { directory, keys, bridges, connections, sockets, commandQueues } = dependencies
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

/** Removes all data of a closed site except the row that marks it as being deleted. A repetition finds nothing more to do. */
export async function emptySite(
  site: SiteId,
  { tables, months }: Pick<DeleteSiteDependencies, 'tables'> & { months: Months },
  count: Count,
): Promise<void> {
  const empty = async ({ table, name, pk, prefix, sk }: SitePartition) =>
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

/** Removes time rows, page by page, each page after the items that are stored under its calls. */
async function emptyCalls(
  site: SiteId,
  { pk, name }: SitePartition,
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
