import type { CallResult } from '../../../contracts/call-result.ts'
import type { StoryStep } from '../../../contracts/calls.ts'
import { isExtension, linesOf, type Numbering } from '../phone-number.ts'
import { isKnownExtension } from '../site-lines.ts'
import { type Leg, slackSeconds } from './leg.ts'
import { Parties } from './parties.ts'
import { resultOf } from './result.ts'
import { forwardTarget, isForkOf, type Turn, turnsOf } from './turn.ts'

/** The story of a call, derived from its legs; `docs/call-log.md` has the rules as a table. */
export interface Story {
  steps: StoryStep[]
  result: CallResult
  /** The number that was dialled first; empty where only a step of the dial plan is known. */
  dialled: string
  turns: readonly Turn[]
  /** The turn on which a person, a room or, where nobody was rung, a menu first spoke to the caller. */
  answered: Turn | undefined
  forwardedFrom: string | undefined
  transferredTo: string | undefined
}

/**
 * @param legs of one linkedid, oldest first, at least one; @param first the one that began it
 * @param asked the number of a request to place the call: its CDRs have none if the caller's own phone was not answered
 */
export function buildStory(legs: readonly Leg[], first: Leg, numbering: Numbering, asked = ''): Story {
  const parties = new Parties(legs, numbering)
  const turns = turnsOf(legs, first, parties)
  const answered = answeredTurn(turns)
  const dialled = dialledNumber(first, turns, answered) || asked
  const story: Story = {
    steps: [{ at: iso(first.start), what: 'called', who: dialled }],
    result: resultOf(turns, answered),
    dialled,
    turns,
    answered,
    forwardedFrom: undefined,
    transferredTo: undefined,
  }
  // The phone that a number of the company leads to may forward the call, too.
  const reached = first.did !== '' && isExtension(first.called) ? first.called : dialled
  const isPerson = isExtension(reached) && isKnownExtension(reached, linesOf(numbering)) !== false
  let spoke: Turn | undefined
  let isParked = false
  for (const turn of turns) {
    const isNew = turn.who !== undefined && turn.who !== spoke?.who
    if (spoke && isNew && !isParked && isTransfer(turn, spoke)) {
      story.transferredTo = turn.who
      add(story, turn.leg.start, 'transferred', turn.who)
    } else if (!spoke) {
      const target = forwardTarget(turn, reached, isPerson, parties)
      if (target !== undefined && !story.steps.some(({ what, who }) => what === 'forwarded' && who === target)) {
        story.forwardedFrom ??= reached
        add(story, turn.leg.start, 'forwarded', target)
      }
    }
    const outcome = outcomeOf(turn, isParked && isNew, dialled)
    if (outcome) story.steps.push(outcome)
    isParked = turn.kind === 'parked'
    if (turn.isAnswered && (turn.kind === 'dial' || turn.kind === 'room')) spoke = turn
  }
  return { ...story, steps: inOrder(story.steps) }
}

function answeredTurn(turns: readonly Turn[]): Turn | undefined {
  const isRung = turns.some(({ kind }) => kind === 'dial' || kind === 'room')
  const answered = turns.filter((turn) => turn.isAnswered)
  if (isRung) return answered.find(({ kind }) => kind === 'dial' || kind === 'room')
  return answered.find(({ kind }) => kind === 'application')
}

/**
 * The DID of a call from outside, else what the first leg was to. After a transfer by the phone Asterisk may write the
 * new target as the first record's `dst`: then the number of the phone that rang first is what was dialled.
 */
function dialledNumber(first: Leg, turns: readonly Turn[], answered: Turn | undefined): string {
  if (first.did !== '') return first.did
  if (first.called === '') {
    // The record shows a step of the dial plan; another record of the same channel may still have the number.
    return (
      turns.map(({ leg, kind, who }) => leg.called || (kind === 'room' && who) || '').find((called) => called !== '') ??
      ''
    )
  }
  const [rung] = turns
  const isRewritten =
    answered !== undefined &&
    rung?.kind === 'dial' &&
    rung.who !== undefined &&
    rung.who !== first.called &&
    rung.leg.cdr.uniqueid === first.cdr.uniqueid &&
    rung.leg.start === first.start &&
    !isPickup(rung) &&
    turns.some((turn) => turn !== rung && isTransfer(turn, answered) && turn.who === first.called)
  return isRewritten ? (rung.who ?? first.called) : first.called
}

function isPickup({ leg }: Turn): boolean {
  return leg.cdr.lastapp !== 'Dial'
}

function isTransfer(turn: Turn, spoke: Turn): boolean {
  if (turn === spoke || (turn.kind !== 'dial' && turn.kind !== 'room') || isForkOf(turn.leg, spoke.leg)) return false
  return turn.leg.start >= spoke.leg.end - slackSeconds
}

function add(story: Story, at: number, what: StoryStep['what'], who: string | undefined): void {
  story.steps.push({ at: iso(at), what, ...(who !== undefined && { who }) })
}

function outcomeOf(turn: Turn, isRetrieved: boolean, dialled: string): StoryStep | undefined {
  const { leg, kind } = turn
  // A menu has the number that was dialled to reach it. In AppDial2 it is the phone of who placed the call that rings.
  const isMenu = kind === 'application' && leg.cdr.lastapp !== 'AppDial2'
  const who = turn.who ?? (isMenu && dialled !== '' ? dialled : undefined)
  const named = who === undefined ? {} : { who }
  const { disposition, billsec, duration } = leg.cdr
  if (kind === 'voicemail') {
    return {
      at: iso(leg.answer ?? leg.start),
      what: 'voicemail',
      ...(turn.box !== undefined && { who: turn.box }),
      seconds: billsec,
    }
  }
  if (kind === 'parked') return { at: iso(leg.answer ?? leg.start), what: 'parked', seconds: billsec }
  if (kind === 'waiting') return { at: iso(leg.end), what: 'no-answer', seconds: duration }
  if (turn.isAnswered) {
    const what = isRetrieved ? 'retrieved' : 'answered'
    return { at: iso(turn.answer ?? leg.start), what, ...named, seconds: turn.talkSeconds }
  }
  // A refusal or a tone that the dial plan plays after the phones is not another attempt.
  if (kind === 'application' && disposition !== 'NO ANSWER' && leg.cdr.lastapp !== 'Dial') return undefined
  const what =
    disposition === 'BUSY' ? 'busy' : disposition === 'NO ANSWER' || disposition === 'ANSWERED' ? 'no-answer' : 'failed'
  return { at: iso(leg.end), what, ...named, seconds: duration }
}

/** Sorts by time. A phone stops ringing at the second in which another answers: its step comes before the answer. */
function inOrder([called, ...rest]: readonly StoryStep[]): StoryStep[] {
  const isAnswer = ({ what }: StoryStep) => what === 'answered'
  const isUnanswered = ({ what }: StoryStep) => what === 'no-answer'
  const sorted = rest.toSorted((a, b) => {
    const byTime = Date.parse(a.at) - Date.parse(b.at)
    if (byTime !== 0) return byTime
    return isUnanswered(a) && isAnswer(b) ? -1 : isAnswer(a) && isUnanswered(b) ? 1 : 0
  })
  return called ? [called, ...sorted] : sorted
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
