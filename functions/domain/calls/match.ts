import { type Cdr, momentSeconds } from '../../../contracts/cdr.ts'

export type Match = 'none' | 'same' | { doubt: string }

/** Fields that identify an imported call, besides its uniqueid and start. */
const matching = ['channel', 'dstchannel', 'duration', 'billsec'] as const
/** Zones differ by at most 26 hours, in steps of a quarter hour. */
const zoneSecondsMax = 26 * 3600
const zoneStepSeconds = 900

/**
 * Compares an imported row with the CDRs that the call log already has of the same caller. A `keyed` row has a sequence, which
 * distinguishes the legs of a forked call. Without it, a CDR of the same start and uniqueid that differs is a doubt.
 */
export function matchCdr(row: Cdr, keyed: boolean, known: readonly Cdr[]): Match {
  const same = known.filter(({ uniqueid }) => uniqueid === row.uniqueid)
  const start = momentSeconds(row.start)
  const isLike = (cdr: Cdr) => matching.every((field) => cdr[field] === row[field])
  if (same.some((cdr) => momentSeconds(cdr.start) === start && isLike(cdr))) return 'same'
  const key = keyed ? same.find(({ sequence }) => sequence === row.sequence) : undefined
  const off = same.find((cdr) => isLike(cdr) && isZoneApart(momentSeconds(cdr.start) - start))
  if (off)
    return {
      doubt: `the log has the same call ${(momentSeconds(off.start) - start) / 60} minutes later: check the time zone`,
    }
  if (key && momentSeconds(key.start) === start) return { doubt: differing(row, key) }
  // Another phone of a fork is another leg: it has the same uniqueid and second, and another channel that was called.
  const isBeside = (cdr: Cdr) => momentSeconds(cdr.start) === start && cdr.dstchannel === row.dstchannel
  const beside = keyed ? undefined : same.find(isBeside)
  return beside ? { doubt: differing(row, beside) } : 'none'
}

function isZoneApart(seconds: number): boolean {
  return seconds !== 0 && Math.abs(seconds) <= zoneSecondsMax && seconds % zoneStepSeconds === 0
}

function differing(row: Cdr, cdr: Cdr): string {
  const fields = matching.filter((field) => row[field] !== cdr[field])
  return `the log has a call with the same uniqueid and start, but a different ${fields.join(', ')}`
}
