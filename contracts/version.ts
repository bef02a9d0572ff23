import * as v from 'valibot'

/**
 * Version of a fact, `epoch.seq`, which orders the facts of a site. Both parts have ten digits, so that versions compare as text.
 * Each start of the bridge and each ARI connection begins a new epoch; `seq` counts the facts of an epoch from 1.
 */
export const Version = v.pipe(
  v.string(),
  v.regex(/^\d{10}\.\d{10}$/, 'Not a version: ten digits, a dot, ten digits. Example: 1795460000.0000000042.'),
)
export type Version = v.InferOutput<typeof Version>

const digits = 10

export function formatVersion(epoch: number, seq: number): Version {
  return `${String(epoch).padStart(digits, '0')}.${String(seq).padStart(digits, '0')}`
}

/** Returns the epoch of a version. */
export function epochOf(version: Version): number {
  return Number(version.slice(0, digits))
}
