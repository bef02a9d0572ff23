import type { Call } from '../../../contracts/calls.ts'
import type { Cdr } from '../../../contracts/cdr.ts'
import type { Party } from '../../../contracts/facts.ts'
import type { Numbering } from '../phone-number.ts'
import { nameIn } from './caller-name.ts'
import { directionOf, trunkOf } from './direction.ts'
import { type Leg, readLegs } from './leg.ts'
import { type PlacedFacts, settledResult, withRow } from './placed.ts'
import { buildStory } from './story.ts'
import { summarise } from './summary.ts'
import type { Turn } from './turn.ts'

/** The contract's bound on the parties of one call. */
const calleesMax = 50

/**
 * Returns a call of the archive from its CDRs; undefined if all of them are Asterisk's own machinery, or `Local` channels that
 * reached no phone and no trunk: a program of the PBX ran a step of the dial plan, and nobody's phone took part.
 * @param cdrs all of one linkedid, in any order
 * @param placed the row of a call that was placed through the API
 */
export function callOf(cdrs: readonly Cdr[], numbering: Numbering, placed?: PlacedFacts): Call | undefined {
  return callOfLegs(readLegs(cdrs, numbering), numbering, cdrs.length, placed)
}

/** The same for a caller that has read the legs; `records` is the number of the call's CDRs. */
export function callOfLegs(
  all: readonly Leg[],
  numbering: Numbering,
  records: number,
  placed?: PlacedFacts,
): Call | undefined {
  if (!placed && !all.some(isOfDevice)) return undefined
  const people = all.filter((leg) => !leg.isHelper)
  const legs = people.length > 0 ? people : all
  // The channel that began the call gave it its id; its first record says what was dialled.
  const first = legs.find(({ cdr }) => cdr.uniqueid === cdr.linkedid) ?? legs[0]
  if (!first) return undefined
  const story = buildStory(all, first, numbering, placed?.to)
  const start = Math.min(...all.map((leg) => leg.start))
  const end = Math.max(...all.map((leg) => leg.end))
  const answer = story.answered?.answer
  const recordings = recordingsOf(all)
  const trunk = all.map(trunkOf).find((found) => found !== undefined)
  const rang = partiesOf(story.turns.filter(({ kind }) => kind === 'dial'))
  const answering = story.turns.filter(({ isAnswered, kind }) => isAnswered && (kind === 'dial' || kind === 'room'))
  const answeredBy = story.answered && partyOf(story.answered, story.dialled)
  const call: Call = {
    call: first.cdr.linkedid,
    state: 'ended',
    caller: callerOf(first),
    dialled: story.dialled,
    callees: answering.length > 0 ? partiesOf(answering) : answeredBy ? [answeredBy] : rang,
    startedAt: iso(start),
    ...(answer !== undefined && { answeredAt: iso(answer) }),
    endedAt: iso(end),
    direction: directionOf(first),
    result: placed ? settledResult(story.result, placed) : story.result,
    // A doubtful record may end before it starts.
    durationSeconds: Math.max(0, end - start),
    talkSeconds: talkOf(story.turns),
    ringSeconds: Math.max(0, (answer ?? end) - start),
    ...(answeredBy && { answeredBy }),
    ...(rang.length > 0 && { rang }),
    ...(story.forwardedFrom !== undefined && { forwardedFrom: story.forwardedFrom }),
    ...(story.transferredTo !== undefined && { transferredTo: story.transferredTo }),
    ...(trunk !== undefined && { trunk }),
    story: story.steps,
    ...(recordings.length > 0 && { recordings }),
    ...(first.cdr.accountcode && { accountcode: first.cdr.accountcode }),
    pbxOffset: first.cdr.start.slice(-5),
    legs: records,
  }
  const whole = placed ? withRow(call, placed) : call
  return { ...whole, summary: summarise(whole) }
}

/** A channel whose name says nothing may be a phone's. */
function isOfDevice({ channel, to }: Leg): boolean {
  return channel?.kind !== 'local' || to !== undefined
}

function callerOf({ caller, cdr, from }: Leg): Party {
  return { number: caller, name: nameIn(cdr.clid), ...(from !== undefined && { endpoint: from }) }
}

/** Talk with people and rooms; where nobody was rung, with menus. Voicemail, parking and waiting are no talk. */
function talkOf(turns: readonly Turn[]): number {
  const withPeople = turns.filter(({ kind }) => kind === 'dial' || kind === 'room')
  const counted = withPeople.length > 0 ? withPeople : turns
  return counted.reduce((sum, { talkSeconds }) => sum + talkSeconds, 0)
}

/** Returns the party of a turn. A menu has the number that was dialled to reach it. */
function partyOf({ who, endpoint }: Turn, dialled: string): Party {
  return { number: who ?? dialled, name: '', ...(endpoint !== undefined && { endpoint }) }
}

/** Each party once, in the order in which they rang. */
function partiesOf(turns: readonly Turn[]): Party[] {
  const parties = new Map(turns.map((turn) => [turn.endpoint ?? turn.who ?? '', partyOf(turn, '')]))
  return [...parties.values()].slice(0, calleesMax)
}

/** `recordingfile` is where FreePBX and its kin put it; others put the name of a file into `userfield`. */
function recordingsOf(legs: readonly Leg[]): string[] {
  const names = legs.flatMap(({ cdr }) => [cdr['recordingfile'], cdr.userfield])
  const files = names.filter(
    (name): name is string => typeof name === 'string' && /\.(wav|mp3|gsm|ogg|ulaw|alaw|g722)$/i.test(name),
  )
  return [...new Set(files.map((name) => name.split('/').at(-1) ?? name))]
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
