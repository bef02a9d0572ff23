import type { CallResult, StoryStep } from '../../../contracts/calls.ts'
import { isDialled, type Leg } from './leg.ts'

/** What the legs of one call come to; `docs/call-log.md` has the rules in words. */
export interface Story {
  steps: StoryStep[]
  result: CallResult
  /** What was dialled first. */
  dialled: string
  /** The leg on which somebody first spoke to the caller. */
  answered: Leg | undefined
  forwardedFrom: string | undefined
  transferredTo: string | undefined
}

/** Asterisk cuts times to seconds, so that what follows at once may begin a second later. */
const slackSeconds = 1

/** @param legs of one linkedid, oldest first, at least one; @param first the one that began it */
export function buildStory(legs: readonly Leg[], first: Leg): Story {
  const answered =
    legs.find((leg) => isAnswered(leg) && leg.cdr.uniqueid === first.cdr.uniqueid) ?? legs.find(isAnswered)
  const turns = legs.filter((leg) => isTurn(leg, first, answered))
  // After a transfer Asterisk writes the new target as the first record's `dst`; the phone that rang tells the old one.
  const isRewritten = turns.some(
    (leg) => leg !== first && isTransfer(leg, answered) && targetOf(leg, legs) === first.called,
  )
  const dialled = isRewritten && first.to !== undefined ? nameOf(first.to) : first.called
  const story: Story = {
    steps: [{ at: iso(first.start), what: 'called', who: dialled }],
    result: resultOf(legs, answered),
    dialled,
    answered,
    forwardedFrom: undefined,
    transferredTo: undefined,
  }
  let before: Leg | undefined
  const told = new Set([dialled])
  for (const leg of turns) {
    if (before && isContinuation(leg, before)) {
      extend(story.steps, leg)
    } else {
      const who = leg === first ? dialled : targetOf(leg, legs)
      if (who !== undefined && !told.has(who) && !isForkOf(leg, first)) move(story, leg, who, isTransfer(leg, answered))
      if (who !== undefined) told.add(who)
      story.steps.push(outcomeOf(leg, isForkOf(leg, first) && leg.to !== undefined ? nameOf(leg.to) : who))
    }
    before = leg
  }
  return story
}

/** Somebody, or a menu, took the call. */
export function isAnswered(leg: Leg): boolean {
  return leg.cdr.disposition === 'ANSWERED' && !leg.isVoicemail && !leg.isHelper
}

/** What happened to the caller, or, once the caller has left, to the one who was called; not a question asked on the side. */
function isTurn(leg: Leg, first: Leg, answered: Leg | undefined): boolean {
  if (leg.isHelper) return false
  if (leg.cdr.uniqueid === first.cdr.uniqueid || !answered) return true
  return leg.start >= answered.end - slackSeconds
}

function isTransfer(leg: Leg, answered: Leg | undefined): boolean {
  if (!answered || leg === answered || leg.isVoicemail || isForkOf(leg, answered)) return false
  return leg.start >= answered.end - slackSeconds && isAnswered(leg)
}

function isForkOf(leg: Leg, other: Leg): boolean {
  const isSame = leg.cdr.uniqueid === other.cdr.uniqueid && leg.cdr.lastdata === other.cdr.lastdata
  return leg !== other && isSame && leg.cdr.lastdata.includes('&')
}

/** A leg through a `Local` channel goes on as one without it, once Asterisk has taken the helper out. */
function isContinuation(leg: Leg, before: Leg): boolean {
  return before.cdr.dstchannel.startsWith('Local/') && leg.cdr.uniqueid === before.cdr.uniqueid && isAnswered(leg)
}

function extend(steps: StoryStep[], leg: Leg): void {
  const last = steps.at(-1)
  if (last) last.seconds = (last.seconds ?? 0) + leg.cdr.billsec
}

function move(story: Story, leg: Leg, who: string, isTransferred: boolean): void {
  if (isTransferred) story.transferredTo = who
  else story.forwardedFrom ??= story.dialled
  story.steps.push({ at: iso(leg.start), what: isTransferred ? 'transferred' : 'forwarded', who })
}

/** Who a leg was to: the extension that a helper leads to, or by which another leg reached the same phone, or its `dst`. */
function targetOf(leg: Leg, legs: readonly Leg[]): string | undefined {
  const local = /^Local\/([^@]+)@/.exec(leg.cdr.dstchannel)?.[1]
  if (local !== undefined && isDialled(local)) return local
  const known = legs.find(
    (other) => other !== leg && other.to === leg.to && other.called !== leg.called && leg.to !== undefined,
  )
  if (known && isDialled(known.cdr.dst)) return known.called
  if (isDialled(leg.cdr.dst)) return leg.called
  return leg.to === undefined ? undefined : nameOf(leg.to)
}

function nameOf(endpoint: string): string {
  return endpoint.slice(endpoint.indexOf('/') + 1)
}

function outcomeOf(leg: Leg, to: string | undefined): StoryStep {
  const who = to === undefined ? {} : { who: to }
  const { disposition, billsec, duration } = leg.cdr
  if (leg.isVoicemail) {
    const box = /^[^@,&]+/.exec(leg.cdr.lastdata)?.[0]
    return { at: iso(leg.answer ?? leg.start), what: 'voicemail', ...(box && { who: box }), seconds: billsec }
  }
  if (disposition === 'ANSWERED')
    return { at: iso(leg.answer ?? leg.start), what: 'answered', ...who, seconds: billsec }
  const what = disposition === 'BUSY' ? 'busy' : disposition === 'NO ANSWER' ? 'no-answer' : 'failed'
  return { at: iso(leg.end), what, ...who, seconds: duration }
}

function resultOf(legs: readonly Leg[], answered: Leg | undefined): CallResult {
  if (answered) return 'answered'
  if (legs.some((leg) => leg.isVoicemail && leg.answer !== undefined)) return 'voicemail'
  const last = legs.findLast((leg) => !leg.isHelper) ?? legs.at(-1)
  if (!last) return 'unknown'
  const { disposition, lastapp, lastdata, duration } = last.cdr
  // A group is busy only if every phone of it is.
  if (legs.some((leg) => leg.cdr.disposition === 'NO ANSWER')) {
    const limit = lastapp === 'Dial' ? Number(lastdata.split(',')[1] || Number.NaN) : Number.NaN
    return duration + slackSeconds < limit ? 'cancelled' : 'no-answer'
  }
  if (disposition === 'BUSY') return 'busy'
  return last.to === undefined ? 'unreachable' : 'failed'
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
