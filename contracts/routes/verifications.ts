import * as v from 'valibot'
import { field } from '../field.ts'
import { Timestamp } from '../names.ts'
import { verificationExample } from './examples.ts'
import { sitePath } from './parameters.ts'
import type { RouteGroup } from './route.ts'

const day = field(
  v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\d$/, 'Not a date. Example: 2026-11-23.')),
  "A date in the site's time zone, from 1990 to tomorrow.",
  verificationExample.day,
)
const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const side = v.looseObject({ count, checksum: v.string() })
const difference = v.looseObject({ count, keys: v.array(v.string()) })

export const VerificationRequest = v.strictObject({
  day,
  repair: v.optional(
    field(v.boolean(), 'Whether the PBX sends all CDRs of the day again; the cloud ignores those it has.', true),
    false,
  ),
})
export type VerificationRequest = v.InferOutput<typeof VerificationRequest>

/** A day of the call log compared with the PBX's own CDR file. */
export const Verification = v.looseObject({
  day,
  run: field(v.string(), 'Id of this verification.'),
  state: field(v.picklist(['asked', 'done']), '`asked` until the bridge has reported what the PBX has.'),
  askedAt: field(Timestamp, 'When it was requested.'),
  repair: field(v.boolean(), 'Whether the PBX was asked to send the day again.'),
  doneAt: v.optional(field(Timestamp, 'When the two sides were compared.')),
  isEqual: v.optional(field(v.boolean(), 'Whether both sides have the same CDRs.')),
  pbx: v.optional(field(side, 'CDRs of the PBX.')),
  cloud: v.optional(field(side, 'CDRs of the call log.')),
  missing: v.optional(field(difference, 'CDRs that only the PBX has: up to a hundred keys, `uniqueid/sequence`.')),
  extra: v.optional(field(difference, 'CDRs that only the call log has: up to a hundred keys.')),
  pbxSince: v.optional(
    field(
      v.string(),
      'Oldest CDR that the PBX still has of this day; older ones in the cloud are not counted as extra.',
    ),
  ),
})
export type Verification = v.InferOutput<typeof Verification>

const VerificationQuery = v.looseObject({
  from: field(day, 'First day.', '2026-11-01'),
  to: field(day, 'Last day, which is included; at most 100 days.', verificationExample.day),
})
const VerificationList = v.looseObject({
  verifications: field(v.array(Verification), 'The last verification of each day that was verified, by day.'),
})

export const verificationRoutes = {
  'GET /v1/sites/{site}/cdrs/verifications': {
    summary: 'Lists the last verification of each day of a period.',
    function: 'verifications',
    needs: 'cdrs:read',
    path: sitePath,
    query: VerificationQuery,
    answers: { 200: VerificationList },
    example: { answer: { verifications: [verificationExample] } },
  },
  'POST /v1/sites/{site}/cdrs/verifications': {
    summary: "Compares a day of the call log with the PBX's own file; with `repair`, the PBX sends missing CDRs again.",
    function: 'verifications',
    needs: 'cdrs:write',
    path: sitePath,
    body: VerificationRequest,
    answers: { 202: Verification },
    example: { body: { day: verificationExample.day }, answer: verificationExample },
  },
  'GET /v1/sites/{site}/cdrs/verifications/{day}': {
    summary: 'Answers the last verification of a day: counts, checksums, and the keys of missing and extra CDRs.',
    function: 'verifications',
    needs: 'cdrs:read',
    path: { ...sitePath, day },
    answers: { 200: Verification },
    errors: {
      'day-not-verified': { status: 404, when: 'The day was not verified.' },
    },
    example: { answer: verificationExample },
  },
} as const satisfies RouteGroup
