import { createHash } from 'node:crypto'
import * as v from 'valibot'
import type { Cdr } from './cdr.ts'
import { Timestamp } from './names.ts'

/**
 * Digest of a day's CDRs in the PBX's own file, from which the cloud finds missing and extra ones without the CDRs themselves.
 * A `print` is `uniqueid/sequence/hash`; the hash covers all fields.
 */
const print = v.pipe(v.string(), v.maxLength(200))

/** Prints in one event: about 25 KB. */
export const printsPerPart = 400

export const CdrDigest = v.looseObject({
  /** Id of the command that requested the digest. */
  run: v.pipe(v.string(), v.maxLength(64)),
  /** The date in the site's time zone; the bridge only repeats it. */
  day: v.pipe(v.string(), v.maxLength(10)),
  /** Start (included) and end (not included) of the day. */
  from: Timestamp,
  to: Timestamp,
  /** Number of this part, from 0. */
  part: v.pipe(v.number(), v.integer(), v.minValue(0)),
  parts: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000)),
  count: v.pipe(v.number(), v.integer(), v.minValue(0)),
  checksum: v.string(),
  /** Start of the oldest CDR that the PBX still has; absent if that is before the day. */
  since: v.optional(v.string()),
  prints: v.pipe(v.array(print), v.maxLength(printsPerPart)),
})
export type CdrDigest = v.InferOutput<typeof CdrDigest>

/**
 * Returns a short hash of all fields of a CDR. Two starts of Asterisk within one second can repeat `(uniqueid, sequence)`, so the
 * same key with other content is another call.
 */
export function cdrHash(cdr: Cdr): string {
  const fields = Object.entries(cdr).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex').slice(0, 12)
}

export function printOf(cdr: Cdr): string {
  return `${cdr.uniqueid}/${cdr.sequence}/${cdrHash(cdr)}`
}

/** Returns the checksum of a set of prints; their order does not matter. */
export function checksumOf(prints: readonly string[]): string {
  return createHash('sha256')
    .update([...prints].sort().join('\n'))
    .digest('hex')
    .slice(0, 32)
}
