import type { CallResult, StoryStep } from '../../../contracts/calls.ts'
import { isDialled, type Leg } from './leg.ts'

/** What happened in one call, derived from its legs; `docs/call-log.md` explains the rules. */
export interface Story {
  steps: StoryStep[]
  result: CallResult
  /** The number that was dialled first. */
  dialled: string
  /** The leg on which the caller was first answered. */
  answered: Leg | undefined
  forwardedFrom: string | undefined
  transferredTo: string | undefined
}

/** Asterisk truncates times to seconds, so a leg that follows at once may start a second later. */
const slackSeconds = 1

/** @param legs all legs of one linkedid, oldest first, at least one; @param first the leg that started the call */
export function buildStory(legs: readonly Leg[], first: Leg): Story {
  const answered =
    legs.find((leg) => isAnswered(leg) && leg.cdr.uniqueid === first.cdr.uniqueid) ?? legs.find(isAnswered)
  const turns = legs.filter((leg) => isTurn(leg, first, answered))
  // After a transfer Asterisk replaces `dst` of the first record by the new target; the phone that rang shows the old one.
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
  const mentioned = new Set([dialled])
  for (const leg of turns) {
    if (before && isContinuation(leg, before)) {
      extend(story.steps, leg)
    } else {
      const who = leg === first ? dialled : targetOf(leg, legs)
      if (who !== undefined && !mentioned.has(who) && !isForkOf(leg, first))
        move(story, leg, who, isTransfer(leg, answered))
      if (who !== undefined) mentioned.add(who)
      story.steps.push(outcomeOf(leg, isForkOf(leg, first) && leg.to !== undefined ? nameOf(leg.to) : who))
    }
    before = leg
  }
  return story
}

/** Returns true if a person or a menu answered the leg. */
export function isAnswered(leg: Leg): boolean {
  return leg.cdr.disposition === 'ANSWERED' && !leg.isVoicemail && !leg.isHelper
}

/** Returns true if the leg belongs to the caller or, after the caller was transferred away, to the called party; a consultation call does not. */
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

/** Returns true if the leg continues a leg through a `Local` channel that Asterisk has optimised away. */
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

/** Returns the target of a leg: the extension of its `Local` channel, or by which another leg reached the same phone, or its `dst`. */
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
  // A group counts as busy only if all its phones are.
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
