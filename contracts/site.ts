import * as v from 'valibot'
import { SiteId, Timestamp } from './names.ts'
import { isZone } from './zone.ts'

const Zone = v.pipe(v.string(), v.maxLength(64), v.check(isZone, 'an IANA time zone, such as Europe/Paris'))

const whole = (min: number, max: number) => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max))

const dialCountries = v.pipe(
  v.array(v.pipe(v.string(), v.regex(/^[A-Z]{2}$/, 'two capital letters'))),
  v.maxLength(250),
)
const outsidePrefix = v.pipe(v.string(), v.regex(/^\d{0,3}$/, 'up to three digits'))
const ownNumbers = v.pipe(v.array(v.pipe(v.string(), v.regex(/^\+[1-9]\d{4,14}$/, 'E.164'))), v.maxLength(100))

/** Settings of a site that a feature reads; what was never set has its default. A feature adds its own here. */
export const SiteSettings = v.object({
  /** How long a phone rings for a call by API when the request does not say. */
  callTimeoutSeconds: v.optional(whole(5, 300), 30),
  /** What calls by API may dial; see docs/call-control.md. */
  dialInternal: v.optional(v.boolean(), true),
  dialNational: v.optional(v.boolean(), true),
  dialMobile: v.optional(v.boolean(), true),
  dialCountries: v.optional(dialCountries, []),
  /** What phones of the site dial before an outside number. */
  outsidePrefix: v.optional(outsidePrefix, '0'),
  /** The numbers that a call by API may show, in E.164. */
  ownNumbers: v.optional(ownNumbers, []),
  /** Calls by API of the site and of each of its keys. */
  callsAtOnce: v.optional(whole(0, 1_000), 10),
  callsPerMinute: v.optional(whole(0, 1_000), 30),
  callsPerDay: v.optional(whole(0, 100_000), 500),
  /** A key that reaches a cap places no more calls until someone who manages keys lifts that. */
  freezeOnCap: v.optional(v.boolean(), false),
})
export type SiteSettings = v.InferOutput<typeof SiteSettings>

const name = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(100))
const country = v.pipe(v.string(), v.regex(/^[A-Z]{2}$/, 'two capital letters (ISO 3166-1), such as FR'))
const language = v.picklist(['fr', 'en'], 'fr or en')
/** A year by default, as the French rule on traffic data has it; ten at most. */
const retentionDays = whole(1, 3_660)

export const SiteRequest = v.object({
  site: SiteId,
  name,
  country: v.optional(country, 'FR'),
  zone: v.optional(Zone, 'Europe/Paris'),
  language: v.optional(language, 'fr'),
  retentionDays: v.optional(retentionDays, 365),
  settings: v.optional(SiteSettings, {}),
})
export type SiteRequest = v.InferOutput<typeof SiteRequest>

/** A change of some of a site's properties; settings that are not named stay. */
export const SiteChange = v.strictObject({
  name: v.optional(name),
  country: v.optional(country),
  zone: v.optional(Zone),
  language: v.optional(language),
  retentionDays: v.optional(retentionDays),
  settings: v.optional(
    v.strictObject({
      callTimeoutSeconds: v.optional(whole(5, 300)),
      dialInternal: v.optional(v.boolean()),
      dialNational: v.optional(v.boolean()),
      dialMobile: v.optional(v.boolean()),
      dialCountries: v.optional(dialCountries),
      outsidePrefix: v.optional(outsidePrefix),
      ownNumbers: v.optional(ownNumbers),
      callsAtOnce: v.optional(whole(0, 1_000)),
      callsPerMinute: v.optional(whole(0, 1_000)),
      callsPerDay: v.optional(whole(0, 100_000)),
      freezeOnCap: v.optional(v.boolean()),
    }),
  ),
})
export type SiteChange = v.InferOutput<typeof SiteChange>

export const Site = v.looseObject({
  site: SiteId,
  name: v.string(),
  country: v.string(),
  zone: v.string(),
  language: v.string(),
  retentionDays: v.number(),
  settings: SiteSettings,
  createdAt: Timestamp,
})
export type Site = v.InferOutput<typeof Site>

/** By site, in alphabetical order; `after` is there where more follow, and is then the query's `after`. */
export const SitePage = v.looseObject({ sites: v.array(Site), after: v.optional(SiteId) })
export type SitePage = v.InferOutput<typeof SitePage>
export const SiteQuery = v.looseObject({ after: v.optional(SiteId) })

/** What was removed, and when it was certain that nothing is left. */
export const Receipt = v.looseObject({
  id: v.string(),
  site: SiteId,
  what: v.picklist(['site', 'number', 'student']),
  /** `running` until a second look, after the last write that could have been under way, found nothing more. */
  state: v.picklist(['running', 'done']),
  askedAt: Timestamp,
  doneAt: v.optional(Timestamp),
  /** Items removed or emptied, by what they were. */
  removed: v.record(v.string(), v.number()),
  /** The call log as it was before a site's deletion, JSON lines; the link is good for an hour, the file for thirty days. */
  farewell: v.optional(
    v.looseObject({ file: v.string(), rows: v.number(), bytes: v.number(), link: v.optional(v.string()) }),
  ),
})
export type Receipt = v.InferOutput<typeof Receipt>
