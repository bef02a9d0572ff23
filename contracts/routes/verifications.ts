import * as v from 'valibot'
import { Timestamp } from '../names.ts'

const day = v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\d$/, 'a date of the site'))
const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const side = v.looseObject({ count, checksum: v.string() })

export const VerificationRequest = v.strictObject({
  day,
  /** Has the PBX send all CDRs of the day again; what is there already absorbs them. */
  repair: v.optional(v.boolean(), false),
})
export type VerificationRequest = v.InferOutput<typeof VerificationRequest>

/** A day of the call log held against the PBX's own file. Keys are `uniqueid/sequence`, a hundred of them at most. */
export const Verification = v.looseObject({
  day,
  run: v.string(),
  /** `asked` until the bridge has told what the PBX has. */
  state: v.picklist(['asked', 'done']),
  askedAt: Timestamp,
  repair: v.boolean(),
  doneAt: v.optional(Timestamp),
  isEqual: v.optional(v.boolean()),
  pbx: v.optional(side),
  cloud: v.optional(side),
  missing: v.optional(v.looseObject({ count, keys: v.array(v.string()) })),
  extra: v.optional(v.looseObject({ count, keys: v.array(v.string()) })),
  /** The oldest CDR that the PBX still has, where that is of this day: what is older in the cloud is not extra. */
  pbxSince: v.optional(v.string()),
})
export type Verification = v.InferOutput<typeof Verification>

export const verificationRoutes = {
  'POST /v1/sites/{site}/cdrs/verifications': {
    function: 'verifications',
    needs: 'cdrs:write',
    summary: "Holds a day of the call log against the PBX's own file; with `repair`, what is missing is sent again.",
    body: VerificationRequest,
    answers: { 202: Verification },
  },
  'GET /v1/sites/{site}/cdrs/verifications/{day}': {
    function: 'verifications',
    needs: 'cdrs:read',
    summary: 'The last verification of a day: counts, checksums, and what is missing or extra by key.',
    answers: { 200: Verification },
  },
} as const
