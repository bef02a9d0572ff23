import type { Call } from '../../../contracts/calls.ts'
import type { Cdr } from '../../../contracts/cdr.ts'
import type { Party } from '../../../contracts/facts.ts'
import type { Numbering } from '../phone-number.ts'
import { callerOf, directionOf, type Leg, readLegs } from './leg.ts'
import { buildStory, isAnswered } from './story.ts'
import { summarise } from './summary.ts'

/** The contract allows this many parties of one call. */
const calleesMax = 50

/** Returns the call that CDRs describe. `cdrs` are all CDRs of one linkedid, in any order, at least one. */
export function callOf(cdrs: readonly Cdr[], numbering: Numbering): Call {
  const all = readLegs(cdrs, numbering)
  const people = all.filter((leg) => !leg.isHelper)
  const legs = people.length > 0 ? people : all
  // The linkedid is the id of the channel that started the call; the first record of that channel has the dialled number.
  const first = legs.find(({ cdr }) => cdr.uniqueid === cdr.linkedid) ?? legs[0]
  if (!first) throw new RangeError('a call has at least one CDR')
  const story = buildStory(all, first)
  const start = Math.min(...all.map((leg) => leg.start))
  const end = Math.max(...all.map((leg) => leg.end))
  const answer = story.answered && (story.answered.answer ?? story.answered.start)
  const recordings = recordingsOf(all)
  const call: Call = {
    call: first.cdr.linkedid,
    state: 'ended',
    caller: callerOf(first),
    dialled: story.dialled,
    callees: calleesOf(legs),
    startedAt: iso(start),
    ...(answer !== undefined && { answeredAt: iso(answer) }),
    endedAt: iso(end),
    direction: directionOf(first),
    result: story.result,
    durationSeconds: end - start,
    talkSeconds: talkOf(legs, first),
    ringSeconds: (answer ?? end) - start,
    ...(story.answered && { answeredBy: calleeOf(story.answered) }),
    ...(story.forwardedFrom !== undefined && { forwardedFrom: story.forwardedFrom }),
    ...(story.transferredTo !== undefined && { transferredTo: story.transferredTo }),
    story: story.steps,
    ...(recordings.length > 0 && { recordings }),
    ...(first.cdr.accountcode && { accountcode: first.cdr.accountcode }),
    pbxOffset: first.cdr.start.slice(-5),
    legs: cdrs.length,
  }
  return { ...call, summary: summarise(call) }
}

/** Returns the billable seconds: the answered time on the caller's own channel, with people and menus. */
function talkOf(legs: readonly Leg[], first: Leg): number {
  const own = legs.filter((leg) => leg.cdr.uniqueid === first.cdr.uniqueid && isAnswered(leg))
  return own.reduce((sum, { cdr }) => sum + cdr.billsec, 0)
}

function calleeOf({ called, to }: Leg): Party {
  return { number: called, name: '', ...(to !== undefined && { endpoint: to }) }
}

/** Returns the parties that answered, or if none did, the parties that rang, each once. */
function calleesOf(legs: readonly Leg[]): Party[] {
  const answered = legs.filter(isAnswered)
  const rung = answered.length > 0 ? answered : legs.filter((leg) => leg.to !== undefined)
  const parties = new Map(rung.map((leg) => [leg.to ?? leg.called, calleeOf(leg)]))
  return [...parties.values()].slice(0, calleesMax)
}

/** Returns the names of recordings: FreePBX and its derivatives put them into `recordingfile`, other PBXs into `userfield`. */
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
