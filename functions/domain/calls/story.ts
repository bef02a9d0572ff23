import type { CallResult, StoryStep } from '../../../contracts/calls.ts'
import { isDialled, type Leg } from './leg.ts'

/** What the legs of one call come to; `docs/call-log.md` has the rules in words. */
export interface Story {
  steps: StoryStep[]
  result: CallResult
  /** The leg on which somebody first spoke to the caller. */
  answered: Leg | undefined
  forwardedFrom: string | undefined
  transferredTo: string | undefined
}

/** @param legs of one linkedid, oldest first, at least one */
export function tellStory(legs: readonly Leg[], first: Leg): Story {
  const answered = legs.find(isAnswered)
  const steps: StoryStep[] = [{ at: iso(first.start), what: 'called', who: first.called }]
  const story: Story = {
    steps,
    result: resultOf(legs, answered),
    answered,
    forwardedFrom: undefined,
    transferredTo: undefined,
  }
  const told = new Set([first.called])
  for (const leg of legs) {
    const to = targetOf(leg, legs)
    if (to !== undefined && !told.has(to) && isNewTarget(leg, first)) {
      const isTransfer = answered !== undefined && leg !== answered && leg.start >= (answered.answer ?? answered.start)
      if (isTransfer && isAnswered(leg)) story.transferredTo = to
      else if (!isTransfer) story.forwardedFrom ??= first.called
      if (!isTransfer || isAnswered(leg))
        steps.push({ at: iso(leg.start), what: isTransfer ? 'transferred' : 'forwarded', who: to })
      told.add(to)
    }
    steps.push(outcomeOf(leg, to))
  }
  return story
}

/** Somebody, or a menu, took the call. */
export function isAnswered(leg: Leg): boolean {
  return leg.cdr.disposition === 'ANSWERED' && !leg.isVoicemail && !leg.isLocal
}

/** A leg to somebody else than was dialled first: another extension, or a `Local` channel that leads to one. */
function isNewTarget(leg: Leg, first: Leg): boolean {
  return leg.called !== first.called || localTarget(leg) !== undefined
}

function localTarget({ cdr }: Leg): string | undefined {
  const target = /^Local\/([^@]+)@/.exec(cdr.dstchannel)?.[1]
  return target !== undefined && target !== cdr.dst && isDialled(target) ? target : undefined
}

/** Who a leg was to. Of a fork the phone, since all of its legs were dialled by one number. */
function targetOf(leg: Leg, legs: readonly Leg[]): string | undefined {
  const fork = legs.filter((other) => other.cdr.uniqueid === leg.cdr.uniqueid && other.start === leg.start)
  if (fork.length > 1 && leg.to !== undefined && fork.every((other) => other.to !== undefined)) return nameOf(leg.to)
  const local = localTarget(leg)
  if (local !== undefined) return local
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

/** One second of slack: Asterisk rounds the ring and the record apart. */
const slackSeconds = 1

function resultOf(legs: readonly Leg[], answered: Leg | undefined): CallResult {
  if (answered) return 'answered'
  if (legs.some((leg) => leg.isVoicemail && leg.answer !== undefined)) return 'voicemail'
  const last = legs.findLast((leg) => !leg.isLocal) ?? legs.at(-1)
  if (!last) return 'unknown'
  const { disposition, lastapp, lastdata, duration } = last.cdr
  // A fork is busy only if every phone of it is.
  if (legs.some((leg) => leg.cdr.disposition === 'NO ANSWER') || disposition === 'NO ANSWER') {
    const limit = lastapp === 'Dial' ? Number(lastdata.split(',')[1] || Number.NaN) : Number.NaN
    return duration + slackSeconds < limit ? 'cancelled' : 'no-answer'
  }
  if (disposition === 'BUSY') return 'busy'
  return last.to === undefined ? 'unreachable' : 'failed'
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
