import * as v from 'valibot'
import { field } from './field.ts'
import { Timestamp } from './names.ts'
import { maxCodePoints } from './text.ts'

const name = field(
  v.pipe(
    v.string(),
    v.trim(),
    v.minLength(1, 'Empty. Example: call log of the CRM.'),
    maxCodePoints(100, 'Too long: at most 100 characters.'),
  ),
  'Name for people, up to 100 characters.',
  'call log of the CRM',
)
const scopesMax = 50
const scopeNames = v.pipe(
  v.array(v.pipe(v.string(), v.maxLength(40, 'Too long for a scope. Example: cdrs:read.'))),
  v.minLength(1, 'Empty: name at least one scope. Example: ["cdrs:read"].'),
  v.maxLength(scopesMax, `Too many scopes: at most ${scopesMax}.`),
)
const whole = (min: number, max: number) =>
  v.pipe(
    v.number(),
    v.integer('Not a whole number.'),
    v.minValue(min, `Too small: at least ${min}.`),
    v.maxValue(max, `Too large: at most ${max}.`),
  )
/** Ten years. A key without `expiresInDays` never expires. */
const expiresInDays = field(whole(1, 3_660), 'Days until it expires, up to ten years; it never expires by default.', 90)

const countries = v.pipe(
  v.array(v.pipe(v.string(), v.regex(/^[A-Z]{2}$/, 'Not a country of two capital letters (ISO 3166-1). Example: BE.'))),
  v.maxLength(250, 'Too many countries: at most 250.'),
)
/** What calls by a key may do, besides the rules and caps of its site: the narrower of the two applies. */
export const KeyCallRules = v.strictObject({
  dialInternal: v.optional(field(v.boolean(), 'May call extensions.', true)),
  dialNational: v.optional(field(v.boolean(), 'May call national numbers.', true)),
  dialMobile: v.optional(field(v.boolean(), 'May call mobile numbers.', false)),
  dialCountries: v.optional(field(countries, 'Other countries that it may call (ISO 3166-1).', ['BE'])),
  callsAtOnce: v.optional(field(whole(0, 1_000), 'Calls at the same time.', 2)),
  callsPerMinute: v.optional(field(whole(0, 1_000), 'Calls placed in a minute.', 5)),
  callsPerDay: v.optional(field(whole(0, 100_000), 'Calls placed in a day.', 100)),
})
export type KeyCallRules = v.InferOutput<typeof KeyCallRules>

export const KeyRequest = v.strictObject({
  name,
  role: v.optional(
    field(
      v.picklist(['viewer', 'operator', 'admin'], 'Not one of viewer, operator and admin.'),
      'A set of scopes by name (docs/access.md), instead of `scopes`.',
      'viewer',
    ),
  ),
  scopes: v.optional(field(scopeNames, 'Scopes by name, instead of `role`.', ['cdrs:read'])),
  expiresInDays: v.optional(expiresInDays),
  requestsMax: v.optional(field(whole(1, 5_000), 'Requests allowed in 10 seconds; 500 by default.', 1_000)),
  calls: v.optional(field(KeyCallRules, 'Rules and caps for calls that this key places.', { callsPerDay: 100 })),
})
export type KeyRequest = v.InferOutput<typeof KeyRequest>

export const BoardRequest = v.strictObject({ name, expiresInDays: v.optional(expiresInDays) })

export const RotateRequest = v.strictObject({
  overlapSeconds: v.optional(
    field(whole(0, 7 * 86_400), 'Seconds that the old secret stays valid: an hour by default, up to a week.', 600),
    3_600,
  ),
})

/** A key as key managers see it, without its secret. */
export const KeyInfo = v.looseObject({
  key: field(v.string(), 'Prefix that identifies the key.'),
  kind: field(v.picklist(['key', 'board']), 'A `board` token opens a read-only board and nothing else.'),
  name: v.string(),
  scopes: v.array(v.string()),
  createdAt: Timestamp,
  createdBy: field(v.string(), 'Who made it: `key:PREFIX` or `admin`.'),
  expiresAt: v.optional(Timestamp),
  lastUsedAt: v.optional(field(Timestamp, 'When it was last used, to the hour.')),
  revokedAt: v.optional(Timestamp),
  rotatedAt: v.optional(Timestamp),
  requestsMax: v.optional(v.number()),
  calls: v.optional(KeyCallRules),
  frozenAt: v.optional(
    field(Timestamp, 'Since when its calls are refused because it reached a cap at a site that freezes keys.'),
  ),
})
export type KeyInfo = v.InferOutput<typeof KeyInfo>

export const KeyList = v.looseObject({ keys: v.array(KeyInfo) })
export const KeyMade = v.looseObject({
  ...KeyInfo.entries,
  secret: field(v.string(), 'The whole key. It is shown once: store it.'),
})
export type KeyMade = v.InferOutput<typeof KeyMade>
