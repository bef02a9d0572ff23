import * as v from 'valibot'
import { fairOrder } from '../domain/fair-order.ts'
import { readableOf, type StoredSchema, type Table } from './table.ts'

/** Items of one query: with 0.2 KB each, five read units. */
const pageItems = 100
/** Queries of one partition: each reads the next sites, so 10,000 sites with some items each, or 100 sites with a hundred each. */
const queriesMax = 100

/** Sorts after every key `S#...` and before every other site's: `$` is the character after `#`. */
const afterSite = (site: string) => `${site}$`

const Listed = v.looseObject({ sk: v.string() })

/**
 * Reads a list that all sites share, whose sort keys are `S#...`, so that a site with many items hides no other: up to a hundred
 * items of each site, and more of those sites while there are less than `most`. Returns up to `most` items in a fair order. An item
 * that does not parse is left out and logged.
 */
export async function readFairly<const S extends v.GenericSchema<unknown, { site: string }>>(
  table: Table,
  schema: StoredSchema<S>,
  pks: readonly string[],
  { most, turn }: { most: number; turn: number },
): Promise<v.InferOutput<S>[]> {
  const found = await Promise.all(pks.map((pk) => readEachSite<S>(table, schema, pk)))
  const items: v.InferOutput<S>[] = found.flatMap((one) => one.items)
  const full = found.flatMap(({ sites }, n) => sites.map((site) => ({ pk: pks[n] ?? '', site })))
  for (const { pk, site } of full) {
    if (items.length >= most) break
    const query = { pk, sk: { beginsWith: `${site}#` }, read: 'consistent', limit: most, unreadable: 'skip' } as const
    const { items: more } = await table.page(schema, query)
    items.push(...more.slice(items.filter((one) => one.site === site).length))
  }
  return fairOrder<v.InferOutput<S>>(items, most, turn)
}

/** `sites` are those that have more items than were read. */
async function readEachSite<S extends v.GenericSchema<unknown, { site: string }>>(
  table: Table,
  schema: StoredSchema<S>,
  pk: string,
) {
  const items: v.InferOutput<S>[] = []
  const sites: string[] = []
  let after = ' '
  for (let query = 0; query < queriesMax; query += 1) {
    const page = await table.page(Listed, { pk, sk: { after }, read: 'consistent', limit: pageItems })
    items.push(...readableOf(schema, page.items))
    const last = page.items.at(-1)
    if (!page.next || !last) break
    const [site = ''] = last.sk.split('#')
    sites.push(site)
    after = afterSite(site)
  }
  return { items, sites }
}
