import type { CallResult } from '../../../contracts/call-result.ts'
import { ringLimitOf } from './dial-target.ts'
import { type Leg, slackSeconds } from './leg.ts'
import type { Turn } from './turn.ts'

/** How a call went, from the caller's side. `docs/call-log.md` has the same rules as a table. */
export function resultOf(turns: readonly Turn[], answered: Turn | undefined): CallResult {
  if (answered) return 'answered'
  if (turns.some(({ kind, isAnswered }) => kind === 'voicemail' && isAnswered)) return 'voicemail'
  const rung = turns.filter(({ kind }) => kind === 'dial')
  // Tones and announcements that the dial plan plays after the phones do not change how the call went.
  const attempts = rung.length > 0 ? rung : turns
  const last = attempts.at(-1)
  if (!last) return 'unknown'
  // A group is busy only if every phone of it is.
  const unanswered = attempts.findLast(({ leg, kind }) => leg.cdr.disposition === 'NO ANSWER' || kind === 'waiting')
  if (unanswered) return hasGivenUp(unanswered, turns) ? 'cancelled' : 'no-answer'
  if (attempts.some(({ leg }) => leg.cdr.disposition === 'BUSY')) return 'busy'
  return last.leg.cdr.dstchannel === '' ? 'unreachable' : 'failed'
}

/**
 * Whether the caller hung up before the time that the phones had. A queue without a time limit ends only so. If the dial plan went on
 * with the caller, the phones ended the attempt: somebody declined.
 */
function hasGivenUp({ leg }: Turn, turns: readonly Turn[]): boolean {
  const hasDialPlanContinued = turns.some(({ kind, leg: later }) => kind === 'application' && isAfter(later, leg))
  if (hasDialPlanContinued) return false
  const limit = ringLimitOf(leg.cdr.lastapp, leg.cdr.lastdata)
  if (limit === undefined) return leg.cdr.lastapp === 'Queue'
  return leg.cdr.duration + slackSeconds < limit
}

/** `h` is what the dial plan does after a hang-up. */
function isAfter(later: Leg, leg: Leg): boolean {
  return later !== leg && later.cdr.dst !== 'h' && later.cdr.uniqueid === leg.cdr.uniqueid && later.start >= leg.end
}
