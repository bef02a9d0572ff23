import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { type Numbering, numbering } from '../domain/phone-number.ts'
import { readRanges } from '../domain/site-lines.ts'
import type { Retention } from './cdrs.ts'
import { cachedBySite } from './site-cache.ts'
import { lineSettings } from './site-lines.ts'
import { Table } from './table.ts'
import { keys } from './table-keys.ts'

const SiteRow = v.looseObject({
  country: v.optional(v.string(), 'FR'),
  zone: v.optional(v.string(), 'Europe/Paris'),
  language: v.optional(v.picklist(['fr', 'en']), 'fr'),
  retentionDays: v.optional(v.number()),
  settings: v.optional(v.looseObject({ outsidePrefix: v.optional(v.string()), ...lineSettings }), {}),
})

/** Numbers of phones are two to six digits; a trunk may show a whole telephone number as its own. */
const Phone = v.looseObject({
  sk: v.string(),
  ended: v.optional(v.boolean()),
  state: v.optional(v.looseObject({ number: v.optional(v.string()) })),
})
const extension = /^\d{1,6}$/
/** A site has at most some thousand endpoints of 0.3 KB: a page or two of 1 MB, once a minute and process. */
const pagesMax = 100

/**
 * Where a site is: its country, by which numbers are read, its time zone (IANA), by which days are counted, and the language
 * of its people.
 */
export interface Locale extends Numbering, Retention {
  zone: string
  language: 'fr' | 'en'
}

export async function readLocale(db: DynamoDBDocumentClient, table: string, site: SiteId): Promise<Locale> {
  const live = new Table(db, table)
  const [row, phones] = await Promise.all([
    live.get(SiteRow, keys.site(site), 'eventual'),
    live.items(Phone, { pk: keys.endpoints(site), read: 'eventual', unreadable: 'skip' }, pagesMax),
  ])
  const numbers = new Map(
    phones.flatMap(({ sk, ended, state }): [string, string][] =>
      !ended && state?.number !== undefined && extension.test(state.number) ? [[sk, state.number]] : [],
    ),
  )
  const { country, zone, language, retentionDays, settings } = row ?? v.parse(SiteRow, {})
  const { outsidePrefix, trunks, extensions } = settings
  const lines = { trunks: new Set(trunks), ranges: readRanges(extensions), numbers }
  return {
    ...numbering(country, { outsidePrefix, lines }),
    zone,
    language,
    ...(retentionDays !== undefined && { retentionDays }),
  }
}

/** Returns a `readLocale` that remembers what it read for a minute. */
export function cachedLocale(db: DynamoDBDocumentClient, table: string, now: () => number) {
  return cachedBySite((site) => readLocale(db, table, site), now)
}
