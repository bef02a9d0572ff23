import { type Cdr, momentSeconds } from '../../../contracts/cdr.ts'

export type Match = 'none' | 'same' | { doubt: string }

/** What tells a call of a table from another: times in whole seconds, so that the two sources' notations do not matter. */
const matching = ['channel', 'dstchannel', 'duration', 'billsec'] as const
/** Zones differ by at most 26 hours, all by quarters of one. */
const zoneSecondsMax = 26 * 3600
const zoneStepSeconds = 900

/**
 * Whether a row of elsewhere is one of the calls that the log has of the same caller. `keyed` rows name their sequence,
 * by which the legs of a fork are told apart; of others a leg that fits all but one is a doubt.
 */
export function matchCdr(row: Cdr, keyed: boolean, known: readonly Cdr[]): Match {
  const same = known.filter(({ uniqueid }) => uniqueid === row.uniqueid)
  const start = momentSeconds(row.start)
  const isLike = (cdr: Cdr) => matching.every((field) => cdr[field] === row[field])
  if (same.some((cdr) => momentSeconds(cdr.start) === start && isLike(cdr))) return 'same'
  const key = keyed ? same.find(({ sequence }) => sequence === row.sequence) : undefined
  const off = same.find((cdr) => isLike(cdr) && isZoneApart(momentSeconds(cdr.start) - start))
  if (off)
    return { doubt: `the log has it ${(momentSeconds(off.start) - start) / 60} minutes away: is the zone right?` }
  if (key && momentSeconds(key.start) === start) return { doubt: differing(row, key) }
  const beside = keyed ? undefined : same.find((cdr) => momentSeconds(cdr.start) === start)
  return beside ? { doubt: differing(row, beside) } : 'none'
}

function isZoneApart(seconds: number): boolean {
  return seconds !== 0 && Math.abs(seconds) <= zoneSecondsMax && seconds % zoneStepSeconds === 0
}

function differing(row: Cdr, cdr: Cdr): string {
  const fields = matching.filter((field) => row[field] !== cdr[field])
  return `the log has a call of this uniqueid and second, with another ${fields.join(', ')}`
}
