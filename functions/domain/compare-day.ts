import { checksumOf } from '../../contracts/cdr-digest.ts'

/** A CDR of the call log: its print (key and hash), whether a number was erased from it, and its start in Unix milliseconds. */
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

/** Keys listed of missing and of extra CDRs; the count is of all. */
const keysMax = 100

/**
 * Compares the CDRs of a day in the PBX's file with those in the call log. Of an erased CDR only the key is compared, since
 * its hash has changed. CDRs from before `since`, the start of the PBX's oldest file, do not count as extra.
 */
export function compareDay(
  pbx: readonly string[],
  cloud: readonly StoredPrint[],
  since: string | undefined,
): DayCompared {
  const onPbx = new Set(pbx)
  const erased = new Set(cloud.filter((row) => row.erased).map(({ print }) => keyOf(print)))
  const prints = new Set(cloud.map(({ print }) => print))
  const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(since)
  const missing = pbx.filter((print) => !prints.has(print) && !erased.has(keyOf(print)))
  const keys = new Set(pbx.map(keyOf))
  const extra = cloud
    .filter((row) => row.startMs >= sinceMs && (row.erased ? !keys.has(keyOf(row.print)) : !onPbx.has(row.print)))
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
