import { createHash } from 'node:crypto'
import * as v from 'valibot'
import type { Cdr } from './cdr.ts'
import { Timestamp } from './names.ts'

/**
 * A day's CDRs, told by the bridge from the PBX's own file so that the cloud can be held against it: what each is, without
 * what it says. `print` is `uniqueid/sequence/hash`, the hash of all the fields.
 */
const print = v.pipe(v.string(), v.maxLength(200))

/** Prints of one event: about 25 KB. */
export const printsPerPart = 400

export const CdrDigest = v.looseObject({
  /** Of the command that asked. */
  run: v.pipe(v.string(), v.maxLength(64)),
  /** The site's date that is meant, which the bridge only hands back. */
  day: v.pipe(v.string(), v.maxLength(10)),
  /** The day is from the one moment to before the other. */
  from: Timestamp,
  to: Timestamp,
  /** Parts are counted from 0. */
  part: v.pipe(v.number(), v.integer(), v.minValue(0)),
  parts: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000)),
  count: v.pipe(v.number(), v.integer(), v.minValue(0)),
  checksum: v.string(),
  /** The start of the oldest CDR that the PBX still has; absent where it has one from before the day. */
  since: v.optional(v.string()),
  prints: v.pipe(v.array(print), v.maxLength(printsPerPart)),
})
export type CdrDigest = v.InferOutput<typeof CdrDigest>

/**
 * A short hash of all that a CDR says. `(uniqueid, sequence)` is not unique over two starts of Asterisk within one
 * second, so a key that comes back with other content is another call.
 */
export function cdrHash(cdr: Cdr): string {
  const fields = Object.entries(cdr).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex').slice(0, 12)
}

export function printOf(cdr: Cdr): string {
  return `${cdr.uniqueid}/${cdr.sequence}/${cdrHash(cdr)}`
}

/** Of a set of prints, in whatever order they come. */
export function checksumOf(prints: readonly string[]): string {
  return createHash('sha256')
    .update([...prints].sort().join('\n'))
    .digest('hex')
    .slice(0, 32)
}
