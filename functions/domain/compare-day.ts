import { checksumOf } from '../../contracts/cdr-digest.ts'

/** A CDR of the cloud's: its print, whether a number was erased from it, and its start in Unix milliseconds. */
export interface StoredPrint {
  print: string
  erased: boolean
  startMs: number
}

export interface DayCompared {
  isEqual: boolean
  pbx: { count: number; checksum: string }
  cloud: { count: number; checksum: string }
  missing: { count: number; keys: string[] }
  extra: { count: number; keys: string[] }
}

/** Keys shown of each kind; the count is of all. */
const keysMax = 100

/**
 * What the PBX has of a day, held against what the cloud has. An erased CDR has lost what its hash was made of, so its key
 * alone is compared; what is older than anything the PBX still has is nothing that it could tell of.
 */
export function compareDay(
  pbx: readonly string[],
  cloud: readonly StoredPrint[],
  since: string | undefined,
): DayCompared {
  const told = new Set(pbx)
  const erased = new Set(cloud.filter((row) => row.erased).map(({ print }) => keyOf(print)))
  const prints = new Set(cloud.map(({ print }) => print))
  const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(since)
  const missing = pbx.filter((print) => !prints.has(print) && !erased.has(keyOf(print)))
  const keys = new Set(pbx.map(keyOf))
  const extra = cloud
    .filter((row) => row.startMs >= sinceMs && (row.erased ? !keys.has(keyOf(row.print)) : !told.has(row.print)))
    .map(({ print }) => print)
  return {
    isEqual: missing.length === 0 && extra.length === 0,
    pbx: { count: pbx.length, checksum: checksumOf(pbx) },
    cloud: { count: cloud.length, checksum: checksumOf(cloud.map(({ print }) => print)) },
    missing: listed(missing),
    extra: listed(extra),
  }
}

function listed(prints: readonly string[]): { count: number; keys: string[] } {
  return { count: prints.length, keys: prints.map(keyOf).sort().slice(0, keysMax) }
}

function keyOf(print: string): string {
  return print.slice(0, print.lastIndexOf('/'))
}
