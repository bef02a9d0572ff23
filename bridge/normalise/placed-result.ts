import type { PlacedResult } from '../../contracts/placed.ts'

/** What Asterisk has reported about one leg of a placed call. */
export interface LegOutcome {
  hasRung: boolean
  /** Status of its last `Dial` event; empty before the first. */
  dialStatus: string
  /** Q.850 cause; 0 while unknown. */
  cause: number
  sipCode: number | undefined
}

/** What each Q.850 cause means for the caller. Cause 19 depends on whether the phone rang. */
const byCause: Readonly<Record<number, PlacedResult>> = {
  1: 'unreachable',
  3: 'unreachable',
  17: 'busy',
  18: 'unreachable',
  20: 'unreachable',
  21: 'refused',
  23: 'unreachable',
  27: 'unreachable',
  34: 'failed',
  38: 'failed',
  41: 'failed',
  42: 'failed',
  58: 'failed',
  127: 'failed',
}

/**
 * Returns the result of a leg that was not answered. A phone that answers 480 at once and one that rings until the timeout
 * both end with cause 19 and SIP 480, so whether it rang decides.
 */
export function unansweredResult({ hasRung, dialStatus, cause }: LegOutcome): PlacedResult {
  const known = byCause[cause]
  if (known) return known
  if (cause === 19) return hasRung ? 'no-answer' : 'unreachable'
  if (dialStatus === 'BUSY') return 'busy'
  if (dialStatus === 'CANCEL') return 'cancelled'
  if (dialStatus === 'NOANSWER' || cause === 0 || cause === 16) return hasRung ? 'no-answer' : 'unreachable'
  return 'failed'
}
