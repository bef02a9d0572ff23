import type { CallResult } from '../../../contracts/call-result.ts'
import { ringLimitOf } from './dial-target.ts'
import { slackSeconds, type Turn } from './turn.ts'

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
  const vain = attempts.findLast(({ leg }) => leg.cdr.disposition === 'NO ANSWER')
  if (vain) return hasGivenUp(vain) ? 'cancelled' : 'no-answer'
  if (attempts.some(({ leg }) => leg.cdr.disposition === 'BUSY')) return 'busy'
  return last.leg.cdr.dstchannel === '' ? 'unreachable' : 'failed'
}

/** Whether the caller hung up before the time that the phones had. A queue without a time limit ends only so. */
function hasGivenUp({ leg }: Turn): boolean {
  const limit = ringLimitOf(leg.cdr.lastapp, leg.cdr.lastdata)
  if (limit === undefined) return leg.cdr.lastapp === 'Queue'
  return leg.cdr.duration + slackSeconds < limit
}
