import * as v from 'valibot'
import { CodeMade } from './bridge-access.ts'
import { field } from './field.ts'
import { FraudChange, FraudSettings } from './fraud.ts'
import { SiteId, Timestamp } from './names.ts'
import { maxCodePoints } from './text.ts'
import { isZone } from './zone.ts'

const whole = (min: number, max: number) =>
  v.pipe(
    v.number(),
    v.integer('Not a whole number.'),
    v.minValue(min, `Too small: at least ${min}.`),
    v.maxValue(max, `Too large: at most ${max}.`),
  )
const country = v.pipe(
  v.string(),
  v.regex(/^[A-Z]{2}$/, 'Not a country of two capital letters (ISO 3166-1). Example: FR.'),
)
const countries = v.pipe(v.array(country), v.maxLength(250, 'Too many countries: at most 250.'))
const prefix = v.pipe(v.string(), v.regex(/^\d{0,3}$/, 'Not a prefix of up to three digits. Example: 0.'))
const trunks = v.pipe(
  v.array(
    v.pipe(
      v.string(),
      v.maxLength(100),
      v.regex(/^[A-Za-z0-9]+\/[^\s/]+(\/[^\s/]+)?$/, 'Not an endpoint. Example: PJSIP/provider.'),
    ),
  ),
  v.maxLength(100, 'Too many trunks: at most 100.'),
)
const extensions = v.pipe(
  v.array(v.pipe(v.string(), v.regex(/^\d{1,6}(-\d{1,6})?$/, 'Not an extension or a range. Example: 1001-1005.'))),
  v.maxLength(500, 'Too many entries: at most 500.'),
)
const numbers = v.pipe(
  v.array(v.pipe(v.string(), v.regex(/^\+[1-9]\d{4,14}$/, 'Not a number in E.164. Example: +33123456789.'))),
  v.maxLength(100, 'Too many numbers: at most 100.'),
)

/** Schemas of the settings, which a creation fills with defaults and a change leaves alone where they are absent. */
const setting = {
  callTimeoutSeconds: field(
    whole(5, 300),
    'How long a phone rings for a call by API that does not say it itself, in seconds; 30 by default.',
    30,
  ),
  dialInternal: field(
    v.boolean(),
    'Calls by API may go to extensions; see docs/call-control.md. True by default.',
    true,
  ),
  dialNational: field(v.boolean(), 'Calls by API may go to national numbers. True by default.', true),
  dialMobile: field(v.boolean(), 'Calls by API may go to mobile numbers. True by default.', false),
  dialCountries: field(countries, 'Other countries that calls by API may go to (ISO 3166-1).', ['BE']),
  outsidePrefix: field(
    prefix,
    'Digits that phones of the site dial before an outside number, empty for none. Until it is set, calls by API to outside numbers are refused with prefix-unconfirmed.',
    '0',
  ),
  trunks: field(trunks, 'Endpoints that lead out of the site. Without them, trunks are recognised by their names.', [
    'PJSIP/provider',
  ]),
  extensions: field(
    extensions,
    'Extensions of the site, single or as ranges. Calls by API may go to these and to the phones that the PBX reports.',
    ['60', '1001-1005'],
  ),
  services: field(
    extensions,
    'Numbers of the dial plan that change a setting or start a service. Calls by API never dial them. 88888 and 88889 by default.',
    ['88888-88889'],
  ),
  ownNumbers: field(numbers, 'Numbers that a call by API may show, in E.164.', ['+33123456700']),
  callsAtOnce: field(whole(0, 1_000), 'Calls by API at the same time, of the site and of each key; 10 by default.', 10),
  callsPerMinute: field(whole(0, 1_000), 'Calls by API in a minute, of the site and of each key; 30 by default.', 30),
  callsPerDay: field(whole(0, 100_000), 'Calls by API in a day, of the site and of each key; 500 by default.', 500),
  freezeOnCap: field(
    v.boolean(),
    'A key that reaches a cap places no more calls until a key manager unfreezes it. False by default.',
    true,
  ),
  eventBusPersonal: field(
    v.boolean(),
    'Events on the event bus of the deployment, if it has one, show numbers and names. False by default.',
    true,
  ),
}

/** Settings of a site with their defaults. */
export const SiteSettings = v.object({
  callTimeoutSeconds: v.optional(setting.callTimeoutSeconds, 30),
  dialInternal: v.optional(setting.dialInternal, true),
  dialNational: v.optional(setting.dialNational, true),
  dialMobile: v.optional(setting.dialMobile, true),
  dialCountries: v.optional(setting.dialCountries, []),
  outsidePrefix: v.optional(setting.outsidePrefix),
  trunks: v.optional(setting.trunks, []),
  extensions: v.optional(setting.extensions, []),
  services: v.optional(setting.services, ['88888-88889']),
  ownNumbers: v.optional(setting.ownNumbers, []),
  callsAtOnce: v.optional(setting.callsAtOnce, 10),
  callsPerMinute: v.optional(setting.callsPerMinute, 30),
  callsPerDay: v.optional(setting.callsPerDay, 500),
  freezeOnCap: v.optional(setting.freezeOnCap, false),
  eventBusPersonal: v.optional(setting.eventBusPersonal, false),
  fraud: v.optional(
    field(FraudSettings, 'What the watch over calls to the outside takes as normal; see docs/fraud.md.', {
      maxCost: 100,
    }),
    {},
  ),
})
export type SiteSettings = v.InferOutput<typeof SiteSettings>

const property = {
  name: field(
    v.pipe(
      v.string(),
      v.trim(),
      v.minLength(1, 'Empty. Example: Office.'),
      maxCodePoints(100, 'Too long: at most 100 characters.'),
    ),
    'Name for people.',
    'Office',
  ),
  country: field(country, 'Country whose numbering the site uses (ISO 3166-1); FR by default.', 'FR'),
  zone: field(
    v.pipe(
      v.string(),
      v.maxLength(64, 'Too long for a time zone. Example: Europe/Paris.'),
      v.check(isZone, 'Not an IANA time zone. Example: Europe/Paris.'),
    ),
    'Time zone of the site; Europe/Paris by default.',
    'Europe/Paris',
  ),
  language: field(
    v.picklist(['fr', 'en'], 'Neither fr nor en.'),
    'Language of the voice menus and of exports for people; fr by default.',
    'fr',
  ),
  // A year by default, as French law has it for traffic data; ten years at most.
  retentionDays: field(whole(1, 3_660), 'Days that the call log is kept; 365 by default.', 365),
}

export const SiteRequest = v.object({
  site: field(SiteId, 'Id of the site.', 'office'),
  name: property.name,
  country: v.optional(property.country, 'FR'),
  zone: v.optional(property.zone, 'Europe/Paris'),
  language: v.optional(property.language, 'fr'),
  retentionDays: v.optional(property.retentionDays, 365),
  settings: v.optional(field(SiteSettings, 'Settings; the defaults for those that are absent.', {}), {}),
})
export type SiteRequest = v.InferOutput<typeof SiteRequest>

const SettingsChange = v.strictObject({
  ...v.partial(v.strictObject(setting)).entries,
  fraud: v.optional(field(FraudChange, 'Settings of the watch to change; the others stay.', { maxCost: 100 })),
})

/** A change of some properties of a site. */
export const SiteChange = v.strictObject({
  name: v.optional(property.name),
  country: v.optional(property.country),
  zone: v.optional(property.zone),
  language: v.optional(property.language),
  retentionDays: v.optional(property.retentionDays),
  settings: v.optional(field(SettingsChange, 'Settings to change; the others stay.', { dialMobile: false })),
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

export const SiteCreated = v.looseObject({
  ...Site.entries,
  apiKey: field(v.string(), 'The first key, with every scope. It is shown once.'),
  enrolment: field(CodeMade, 'The code that enrols the bridge.'),
})
export type SiteCreated = v.InferOutput<typeof SiteCreated>

export const SitePage = v.looseObject({
  sites: field(v.array(Site), 'Sites by id.'),
  after: v.optional(field(SiteId, 'Query parameter `after` of the next page; absent on the last one.')),
})
export type SitePage = v.InferOutput<typeof SitePage>
export const SiteQuery = v.looseObject({
  after: v.optional(field(SiteId, '`after` of the page before: sites after this one are listed.', 'office')),
})

/** The progress of a deletion or an erasure. */
export const Receipt = v.looseObject({
  id: v.string(),
  site: SiteId,
  what: v.picklist(['site', 'number', 'student']),
  state: field(
    v.picklist(['running', 'waiting-for-bridge', 'done']),
    '`waiting-for-bridge` while the cloud has no more of a number, but the bridge, which may be offline, has not yet erased it from its folder. `done` once a second pass, after the last write that could be in progress, found nothing more.',
  ),
  askedAt: Timestamp,
  doneAt: v.optional(Timestamp),
  removed: field(v.record(v.string(), v.number()), 'Items that were removed or emptied, by kind.'),
  unreadable: v.optional(
    field(
      v.record(v.string(), v.number()),
      'Stored items that this version cannot read, by kind. They were searched as plain texts, and the number was removed from them.',
    ),
  ),
  waitingFor: v.optional(
    field(v.array(v.string()), 'Ids of the bridges that have not confirmed yet. Revoke one that is gone for good.'),
  ),
  finalExport: v.optional(
    field(
      v.looseObject({ file: v.string(), rows: v.number(), bytes: v.number(), link: v.optional(v.string()) }),
      'Export of the call log before a site was deleted, as JSON lines. The link is valid for an hour, the file for 30 days.',
    ),
  ),
})
export type Receipt = v.InferOutput<typeof Receipt>
