import * as v from 'valibot'

/**
 * The order of facts about one site: `epoch.seq`, both padded to ten digits so that text compares as numbers do.
 * `epoch` is new at each bridge start and each ARI connection; `seq` counts all facts of the epoch from 1.
 */
export const Version = v.pipe(v.string(), v.regex(/^\d{10}\.\d{10}$/, 'a ten-digit epoch, a dot, a ten-digit sequence'))
export type Version = v.InferOutput<typeof Version>

const digits = 10

export function formatVersion(epoch: number, seq: number): Version {
  return `${String(epoch).padStart(digits, '0')}.${String(seq).padStart(digits, '0')}`
}

/** The epoch in which a fact was made. */
export function epochOf(version: Version): number {
  return Number(version.slice(0, digits))
}
