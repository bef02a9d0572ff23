import type { PlacedResult } from '../../contracts/placed.ts'

/** How one leg of a placed call went, as far as Asterisk told. */
export interface LegOutcome {
  hasRung: boolean
  /** Of its `Dial` event, empty while it has none. */
  dialStatus: string
  /** Q.850, 0 while unknown. */
  cause: number
  sipCode: number | undefined
}

/** Q.850 causes by what they mean for whoever called. 19 depends on whether it rang. */
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
 * What came of a leg that was never answered. A phone that says 480 at once and one that rings until the time is up both
 * end with cause 19 and SIP 480, so ringing tells them apart.
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
