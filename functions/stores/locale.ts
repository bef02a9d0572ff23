import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { type Numbering, numbering } from '../domain/phone-number.ts'
import type { Retention } from './cdrs.ts'
import { keys } from './table-keys.ts'

const SiteRow = v.looseObject({
  country: v.optional(v.string(), 'FR'),
  zone: v.optional(v.string(), 'Europe/Paris'),
  retentionDays: v.optional(v.number()),
})

/** Where a site is: how its numbers are read, and by which clock its days are counted (an IANA zone). */
export interface Locale extends Numbering, Retention {
  zone: string
}

/** A change of a site's country or zone is seen after this long. */
const cacheMs = 60_000
/** Sites one warm function remembers; past it all are read anew. */
const cacheEntriesMax = 10_000

export async function readLocale(db: DynamoDBDocumentClient, table: string, site: SiteId): Promise<Locale> {
  const { Item } = await db.send(new GetCommand({ TableName: table, Key: keys.site(site) }))
  const { country, zone, retentionDays } = v.parse(SiteRow, Item ?? {})
  return { ...numbering(country), zone, ...(retentionDays !== undefined && { retentionDays }) }
}

/** The same, remembered for a minute. */
export function cachedLocale(db: DynamoDBDocumentClient, table: string, now: () => number) {
  const cache = new Map<SiteId, { until: number; locale: Promise<Locale> }>()
  return (site: SiteId): Promise<Locale> => {
    const known = cache.get(site)
    if (known && known.until > now()) return known.locale
    const locale = readLocale(db, table, site)
    locale.catch(() => cache.delete(site))
    if (cache.size >= cacheEntriesMax) cache.clear()
    cache.set(site, { until: now() + cacheMs, locale })
    return locale
  }
}
