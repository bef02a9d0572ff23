import * as v from 'valibot'
import { Timestamp } from './names.ts'

const name = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(100))
const scopesMax = 50
const scopeNames = v.pipe(v.array(v.pipe(v.string(), v.maxLength(40))), v.minLength(1), v.maxLength(scopesMax))
const whole = (min: number, max: number) => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max))
/** Ten years: longer is for ever, which is what leaving it out says. */
const expiresInDays = whole(1, 3_660)

const countries = v.pipe(
  v.array(v.pipe(v.string(), v.regex(/^[A-Z]{2}$/, 'two capital letters (ISO 3166-1)'))),
  v.maxLength(250),
)
/** What calls by a key may do, beside the rules and caps of its site: of two the narrower holds. */
export const KeyCallRules = v.strictObject({
  dialInternal: v.optional(v.boolean()),
  dialNational: v.optional(v.boolean()),
  dialMobile: v.optional(v.boolean()),
  dialCountries: v.optional(countries),
  callsAtOnce: v.optional(whole(0, 1_000)),
  callsPerMinute: v.optional(whole(0, 1_000)),
  callsPerDay: v.optional(whole(0, 100_000)),
})
export type KeyCallRules = v.InferOutput<typeof KeyCallRules>

/** Scopes by name or a role's set of them; one of the two. */
export const KeyRequest = v.strictObject({
  name,
  role: v.optional(v.picklist(['viewer', 'operator', 'admin'])),
  scopes: v.optional(scopeNames),
  expiresInDays: v.optional(expiresInDays),
  /** Requests of 10 seconds; the default where left out. */
  requestsMax: v.optional(whole(1, 5_000)),
  calls: v.optional(KeyCallRules),
})
export type KeyRequest = v.InferOutput<typeof KeyRequest>

export const BoardRequest = v.strictObject({ name, expiresInDays: v.optional(expiresInDays) })

/** For how long the old secret opens as well: an hour unless said, a week at most, 0 to end it at once. */
export const RotateRequest = v.strictObject({ overlapSeconds: v.optional(whole(0, 7 * 86_400), 3_600) })

/** A key as anyone may see it who manages keys; its secret is nowhere. */
export const KeyInfo = v.looseObject({
  key: v.string(),
  /** A `board` opens a read-only board and nothing else. */
  kind: v.picklist(['key', 'board']),
  name: v.string(),
  scopes: v.array(v.string()),
  createdAt: Timestamp,
  createdBy: v.string(),
  expiresAt: v.optional(Timestamp),
  /** To the hour. */
  lastUsedAt: v.optional(Timestamp),
  revokedAt: v.optional(Timestamp),
  rotatedAt: v.optional(Timestamp),
  requestsMax: v.optional(v.number()),
  calls: v.optional(KeyCallRules),
  /** Since when its calls by API are refused, because it reached a cap at a site that freezes. */
  frozenAt: v.optional(Timestamp),
})
export type KeyInfo = v.InferOutput<typeof KeyInfo>

export const KeyList = v.looseObject({ keys: v.array(KeyInfo) })
/** `secret` is the whole key, to be shown once and stored by its owner. */
export const KeyMade = v.looseObject({ ...KeyInfo.entries, secret: v.string() })
export type KeyMade = v.InferOutput<typeof KeyMade>
