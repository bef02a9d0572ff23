import * as v from 'valibot'

/** A site is one PBX and the unit of tenancy. Its name is lower case, which is safe in table keys, queue names and paths. */
export const SiteId = v.pipe(
  v.string(),
  v.regex(
    /^[a-z][a-z0-9-]{1,30}[a-z0-9]$/,
    'Not a site name: 3 to 32 lower-case letters, digits and hyphens, a letter first. Example: office.',
  ),
)
export type SiteId = v.InferOutput<typeof SiteId>

/** Whether a date and time that begin as RFC 3339 exist: 30 February does not, though JavaScript reads it as 2 March. */
export function isRealTime(text: string): boolean {
  const ms = Date.parse(`${text.slice(0, 19)}Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text.slice(0, 19))
}

/** RFC 3339 in UTC with milliseconds, as `Date.prototype.toISOString` writes it. */
export const Timestamp = v.pipe(
  v.string(),
  v.regex(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/,
    'Not a time in UTC (RFC 3339). Example: 2026-11-23T19:03:14Z.',
  ),
  v.check(isRealTime, 'Not a time that exists. Example: 2026-11-23T19:03:14Z.'),
)

/** Id of an erasure's receipt. */
export const ErasureId = v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/, 'Not the id of a receipt.'))
export type ErasureId = v.InferOutput<typeof ErasureId>
