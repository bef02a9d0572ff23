import { parkingApps } from '../../../contracts/dial-steps.ts'
import { isExtension } from '../phone-number.ts'
import { dialTargets, isTargetOf } from './dial-target.ts'
import { type Leg, mailboxOf, slackSeconds } from './leg.ts'
import type { Parties } from './parties.ts'
import { isPlacedCall } from './placed.ts'

export type TurnKind =
  /** The call rang or reached a phone, a trunk or a room with people in it. */
  | 'dial'
  | 'room'
  | 'voicemail'
  /** The caller waited in a parking lot. */
  | 'parked'
  /** The caller waited in a queue in which no phone rang. */
  | 'waiting'
  /** A menu, an announcement or a refusal of the dial plan. */
  | 'application'

/** One step of the caller's way: a leg of the caller's own channel, with the phone behind any Local channels. */
export interface Turn {
  leg: Leg
  kind: TurnKind
  /** The extension or number that was rung or that spoke; undefined for a menu. */
  who: string | undefined
  /** The endpoint of that party, `PJSIP/1003`. */
  endpoint: string | undefined
  /** The mailbox of a voicemail turn. */
  box: string | undefined
  /** The channel of that party. Two records with the same one are one turn. */
  channel: string
  isAnswered: boolean
  /** Unix seconds of the answer by a person: later than the leg's own answer where a queue answered first. */
  answer: number | undefined
  /** Seconds of talk on this leg. */
  talkSeconds: number
}

const rooms = /^(confbridge|meetme|conference|konference)$/i
/** Turns in which the caller talks to nobody. */
const silent: ReadonlySet<TurnKind> = new Set(['parked', 'voicemail', 'waiting'])

/** Applications that speak with the caller or take a message of theirs; the others play something, or do nothing audible. */
const menus =
  /^(stasis|background|backgrounddetect|read|waitexten|directory|disa|echo|f?agi|eagi|deadagi|record|voicemailmain)$/i

/** The turns of a call in time order. `legs` are all of the call, oldest first; `first` is the one that began it. */
export function turnsOf(legs: readonly Leg[], first: Leg, parties: Parties): Turn[] {
  const own = legs.filter((leg) => !leg.isHelper && leg.cdr.uniqueid === first.cdr.uniqueid)
  const reached = own.flatMap((leg) => legsBehind(leg, parties)).map((leg) => turnOf(leg, own, parties))
  const turns = merged(reached).filter((turn, n, all) => !isTakenOut(turn, all[n + 1]))
  for (const [n, turn] of turns.entries()) if (isPickedUp(turn, turns[n + 1])) leaveUnanswered(turn)
  return [...turns, ...turnsAfterCaller(legs, first, turns, parties)].sort((a, b) => a.leg.start - b.leg.start)
}

/** The caller's leg; where the call was transferred behind a Local channel, a leg of each phone that it had one after the other. */
function legsBehind(leg: Leg, parties: Parties): Leg[] {
  const [first, ...others] = parties.successors(leg)
  if (!first || others.length === 0) return [leg]
  const from = Math.max(leg.answer ?? leg.start, first.answer ?? first.start)
  return [{ ...leg, end: first.end, cdr: { ...leg.cdr, billsec: Math.max(0, first.end - from) } }, ...others]
}

/**
 * Whether Asterisk took out a Local channel whose other half has no record here, such as in a file without linkedids: the next
 * record of the same `Dial` has the phone behind it.
 */
function isTakenOut({ leg, kind, endpoint }: Turn, next: Turn | undefined): boolean {
  if (kind !== 'dial' || leg.dstchannel?.kind !== 'local' || endpoint !== undefined || leg.cdr.billsec > 0) return false
  const isSame = next?.kind === 'dial' && next.isAnswered && next.leg.cdr.lastdata === leg.cdr.lastdata
  return leg.cdr.disposition === 'ANSWERED' && isSame && next.leg.start <= leg.end + slackSeconds
}

/** After a transfer by the caller, the party that was called goes on alone: its own channel then makes the turns. */
function turnsAfterCaller(legs: readonly Leg[], first: Leg, turns: readonly Turn[], parties: Parties): Turn[] {
  const answered = turns.find(({ isAnswered, kind }) => isAnswered && kind === 'dial')
  if (!answered) return []
  const later = legs.filter((leg) => {
    const isOther = !leg.isHelper && leg.cdr.uniqueid !== first.cdr.uniqueid
    return isOther && leg.start >= answered.leg.end - slackSeconds
  })
  return merged(later.map((leg) => turnOf(leg, later, parties)))
}

function turnOf(leg: Leg, siblings: readonly Leg[], parties: Parties): Turn {
  const { cdr } = leg
  const { exten, endpoint, channel, answer, leg: last } = parties.behind(leg)
  const kind = last.isVoicemail ? 'voicemail' : kindOf(leg)
  // A call that was placed through the API counts as answered for Asterisk once its own caller picked up.
  const isCallerAlone = kind === 'application' && isPlacedCall(cdr.linkedid) && !menus.test(cdr.lastapp)
  const isAnswered = cdr.disposition === 'ANSWERED' && !isCallerAlone && (kind !== 'dial' || cdr.dstchannel !== '')
  const who = kind === 'room' ? roomOf(leg) : kind === 'dial' ? parties.numberOf(endpoint, exten, leg) : undefined
  return {
    leg,
    kind,
    who,
    endpoint: kind === 'room' ? undefined : endpoint,
    box: kind === 'voicemail' ? mailboxOf(last) : undefined,
    channel,
    isAnswered,
    answer: isAnswered ? Math.max(leg.answer ?? leg.start, answer ?? 0, rungUntil(leg, siblings)) : undefined,
    talkSeconds: isAnswered && !silent.has(kind) ? cdr.billsec : 0,
  }
}

function kindOf(leg: Leg): TurnKind {
  if (rooms.test(leg.cdr.lastapp)) return 'room'
  if (parkingApps.test(leg.cdr.lastapp) && leg.cdr.dstchannel === '') return 'parked'
  if (leg.cdr.dstchannel !== '') return 'dial'
  return leg.cdr.lastapp === 'Queue' ? 'waiting' : 'application'
}

/** The number of a conference; where the dial plan is at a step without one, what the application was given. */
function roomOf(leg: Leg): string {
  return leg.called || (leg.cdr.lastdata.split(',')[0] ?? '')
}

/**
 * Whether a colleague picked the call up while this phone rang. Asterisk then writes the phone as answered for no time, and the
 * colleague's phone as reached by the same `Dial`, which did not dial it.
 */
function isPickedUp(turn: Turn, next: Turn | undefined): boolean {
  const { cdr } = turn.leg
  if (turn.kind !== 'dial' || !turn.isAnswered || cdr.billsec > 0 || next?.kind !== 'dial' || !next.isAnswered)
    return false
  const isSameDial = cdr.lastapp === 'Dial' && next.leg.cdr.lastdata === cdr.lastdata
  const isDialled = dialTargets(cdr.lastdata).some((target) => isTargetOf(target, next.leg.cdr.dstchannel))
  return isSameDial && !isDialled && next.leg.start <= turn.leg.end + slackSeconds
}

function leaveUnanswered(turn: Turn): void {
  turn.isAnswered = false
  turn.answer = undefined
}

/** Returns when the other phones of a group stopped ringing: at the second in which this one answered. */
function rungUntil(leg: Leg, siblings: readonly Leg[]): number {
  const others = siblings.filter((other) => isForkOf(other, leg) && other.cdr.disposition === 'NO ANSWER')
  return Math.max(0, ...others.map(({ end }) => end).filter((end) => end <= leg.end))
}

/** Whether two legs are phones that rang together: the same `Dial` or `Queue` of the same channel. */
export function isForkOf(leg: Leg, other: Leg): boolean {
  if (leg === other || leg.cdr.uniqueid !== other.cdr.uniqueid || leg.cdr.lastdata !== other.cdr.lastdata) return false
  if (leg.start > other.end || other.start > leg.end) return false
  return leg.cdr.lastapp === 'Queue' || leg.cdr.lastdata.includes('&')
}

/**
 * Rooms write a record for each pair of people in them, and a call through a Local channel gets another record when
 * Asterisk takes that channel out: both are one turn.
 */
function merged(turns: readonly Turn[]): Turn[] {
  const kept: Turn[] = []
  for (const turn of turns) {
    const before = kept.findLast((other) => isSameTurn(other, turn))
    if (before) before.talkSeconds = joinedTalk(before, turn)
    else kept.push(turn)
  }
  return kept
}

function isSameTurn(before: Turn, turn: Turn): boolean {
  if (before.kind !== turn.kind || !before.isAnswered || !turn.isAnswered) return false
  if (turn.kind === 'room') return before.who === turn.who
  return turn.kind === 'dial' && turn.channel !== '' && before.channel === turn.channel
}

/** The sum of two talks without what they share. */
function joinedTalk(before: Turn, turn: Turn): number {
  const end = (before.leg.answer ?? before.leg.start) + before.talkSeconds
  const begin = turn.leg.answer ?? turn.leg.start
  return before.talkSeconds + Math.max(0, Math.min(turn.talkSeconds, begin + turn.talkSeconds - end))
}

/** Returns the number that the call was forwarded to before an answer; undefined if it rang what was dialled. */
export function forwardTarget({ leg }: Turn, dialled: string, isPerson: boolean, parties: Parties): string | undefined {
  if (leg.cdr.lastapp !== 'Dial' || !isPerson) return undefined
  const targets = dialTargets(leg.cdr.lastdata)
  const [target] = targets
  if (!target || targets.length > 1) return undefined
  // The phone itself forwarded (SIP 302): Asterisk then calls the new target over a Local channel.
  const redirected = leg.dstchannel?.kind === 'local' ? parties.behind(leg).exten : undefined
  // A group rings several at once; a pickup answers on a phone that was not dialled.
  if (redirected === undefined && !isTargetOf(target, leg.cdr.dstchannel)) return undefined
  const number = parties.numberOf(target.endpoint, redirected, leg)
  return number === undefined || number === dialled || !isForwardable(number) ? undefined : number
}

function isForwardable(number: string): boolean {
  return isExtension(number) || /^\+?\d+$/.test(number)
}
