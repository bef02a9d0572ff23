import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { FraudSettings } from '../../contracts/fraud.ts'
import type { SiteId } from '../../contracts/names.ts'
import { isExtensionNumber } from '../../contracts/numbers/number-spelling.ts'
import { type Numbering, numbering } from '../domain/phone-number.ts'
import { readRanges } from '../domain/site-lines.ts'
import { cached } from './cached.ts'
import type { Retention } from './cdrs.ts'
import { lineSettings } from './site-lines.ts'
import { Table } from './table.ts'
import { keys } from './table-keys.ts'

const SiteRow = v.looseObject({
  country: v.optional(v.string(), 'FR'),
  zone: v.optional(v.string(), 'Europe/Paris'),
  language: v.optional(v.picklist(['fr', 'en']), 'fr'),
  retentionDays: v.optional(v.number()),
  settings: v.optional(
    v.looseObject({
      outsidePrefix: v.optional(v.string()),
      fraud: v.fallback(v.optional(FraudSettings, {}), () => v.parse(FraudSettings, {})),
      ...lineSettings,
    }),
    {},
  ),
})
type SiteRow = v.InferOutput<typeof SiteRow>

/** Numbers of phones are two to six digits; a trunk may show a whole telephone number as its own. */
const Phone = v.looseObject({
  sk: v.string(),
  ended: v.optional(v.boolean()),
  state: v.optional(v.looseObject({ number: v.optional(v.string()), trunk: v.optional(v.looseObject({})) })),
})
/** A site has at most some thousand endpoints of 0.3 KB: a page or two of 1 MB. */
const pagesMax = 100
/**
 * A process reads the phones of a site again after a minute for each 200 of them: eight read units a minute. After ten minutes
 * at most, a new phone has its number.
 */
const phonesPerMinute = 200
const minuteMs = 60_000
const phonesMsMax = 10 * minuteMs

/**
 * Where a site is: its country, by which numbers are read, its time zone (IANA), by which days are counted, and the language
 * of its people.
 */
export interface Locale extends Numbering, Retention {
  zone: string
  language: 'fr' | 'en'
  /** What the watch over calls to the outside takes as normal. */
  fraud: FraudSettings
}

/** Extensions of the phones by endpoint, and the trunks that the bridge has found. */
interface Phones {
  numbers: ReadonlyMap<string, string>
  foundTrunks: ReadonlySet<string>
}
const noPhones: Phones = { numbers: new Map(), foundTrunks: new Set() }

/** Returns how a site's users dial, without the numbers of its phones. */
export async function readNumbering(db: DynamoDBDocumentClient, table: string, site: SiteId): Promise<Numbering> {
  return toLocale(await readSite(new Table(db, table), site), noPhones)
}

/** Returns a function that reads the locale of a site and remembers it: its settings for a minute, its phones for longer. */
export function cachedLocale(db: DynamoDBDocumentClient, table: string, now: () => number) {
  const live = new Table(db, table)
  const lifetimeMs = ({ numbers }: Phones) =>
    Math.min(phonesMsMax, Math.max(1, numbers.size / phonesPerMinute) * minuteMs)
  const phonesOf = cached((site) => readPhones(live, site), now, lifetimeMs)
  return cached(async (site): Promise<Locale> => {
    const [row, phones] = await Promise.all([readSite(live, site), phonesOf(site)])
    return toLocale(row, phones)
  }, now)
}

async function readSite(live: Table, site: SiteId): Promise<SiteRow> {
  return (await live.get(SiteRow, keys.site(site), 'eventual')) ?? v.parse(SiteRow, {})
}

async function readPhones(live: Table, site: SiteId): Promise<Phones> {
  const rows = await live.items(Phone, { pk: keys.endpoints(site), read: 'eventual', unreadable: 'skip' }, pagesMax)
  const phones = rows.filter(({ ended }) => !ended)
  const numbers = phones.flatMap(({ sk, state }): [string, string][] =>
    state?.number !== undefined && isExtensionNumber(state.number) ? [[sk, state.number]] : [],
  )
  const foundTrunks = phones.flatMap(({ sk, state }) => (state?.trunk ? [sk] : []))
  return { numbers: new Map(numbers), foundTrunks: new Set(foundTrunks) }
}

function toLocale({ country, zone, language, retentionDays, settings }: SiteRow, phones: Phones): Locale {
  const { outsidePrefix, trunks, extensions, fraud } = settings
  const lines = { trunks: new Set(trunks), ranges: readRanges(extensions), ...phones }
  return {
    ...numbering(country, { outsidePrefix, lines }),
    zone,
    language,
    fraud,
    ...(retentionDays !== undefined && { retentionDays }),
  }
}
