import { type Cdr, momentSeconds } from '../cdr.ts'

/** Clocks of PBX and cloud may differ by this much before an end counts as one in the future. */
const aheadSecondsMax = 600
/** Asterisk cuts each time to seconds, so that the talk may seem this much longer than the call. */
const slackSeconds = 1

/**
 * Why a CDR cannot be true as it is; undefined for a plausible one. A doubtful record is stored with its reason and
 * counted in no total. `nowSeconds`: Unix seconds.
 */
export function doubtOf(cdr: Cdr, nowSeconds: number): string | undefined {
  const start = momentSeconds(cdr.start)
  const end = cdr.end ? momentSeconds(cdr.end) : start + cdr.duration
  if (start > nowSeconds + aheadSecondsMax) return 'starts in the future'
  if (end > nowSeconds + aheadSecondsMax || start + cdr.duration > nowSeconds + aheadSecondsMax)
    return 'ends in the future'
  if (end < start) return 'ends before it starts'
  if (cdr.billsec > cdr.duration + slackSeconds) return 'talks longer than it lasts'
  return undefined
}
