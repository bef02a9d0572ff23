import { callResults } from '../../../contracts/call-result.ts'
import type { Call, Direction } from '../../../contracts/calls.ts'
import { type Cdr, momentSeconds } from '../../../contracts/cdr.ts'
import { type CallEvent, cdrId } from '../../../contracts/events.ts'
import type { CallState, Party } from '../../../contracts/facts.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { CallEventData } from '../../../contracts/webhook-event-data.ts'
import type { WebhookEventType } from '../../../contracts/webhook-events.ts'
import { isOutside } from '../calls/direction.ts'
import { canonicalDialled, canonicalNumber, isExtension, linesOf, type Numbering } from '../phone-number.ts'
import { isTrunk, numberOfPhone } from '../site-lines.ts'
import { eventId, type StoredEvent } from './event.ts'

type OwnEnds = Pick<Call, 'caller' | 'dialled' | 'callees' | 'former' | 'rang' | 'answeredBy'>

/** The order of events of the same time, and of all final ones. */
const steps = { 'call.started': 1, 'call.ringing': 2, 'call.answered': 3, 'call.ended': 4, 'call.missed': 5 } as const
type CallEventType = keyof typeof steps & WebhookEventType

/** What begins a call comes first and what ends it last, though the clock of the PBX may have been set in between. */
const phases = { 'call.started': 0, 'call.ringing': 1, 'call.answered': 1, 'call.ended': 2, 'call.missed': 2 } as const
const finalPhase = 9

/**
 * Returns the events that a fact of a call makes. A fact has the whole state of the call, so it makes the events of earlier states
 * too, with the same ids as the facts of those states: whichever arrives first is sent.
 */
export function eventsOfFact(site: SiteId, { data, time }: CallEvent, numbering: Numbering): StoredEvent[] {
  const state = withNumbers(data, numbering)
  const direction = liveDirection(state, numbering)
  const make = (type: CallEventType, at: string = time, extension: string | undefined, ...parts: string[]) => {
    const id = eventId(site, type, state.call, ...parts)
    const own = { ...factsOf(state, direction, extension, numbering), callSeq: liveSeq(type, at, id), final: false }
    return callEvent(id, type, at, { ...withSeconds(state), ...own })
  }
  const events = [make('call.started', state.startedAt, ownExtension(state, direction, numbering))]
  if (state.state === 'ringing') {
    for (const callee of state.callees) {
      const extension = extensionOf(callee, numbering)
      events.push(make('call.ringing', state.since, extension, callee.endpoint ?? callee.number))
    }
  }
  if (state.answeredAt !== undefined || state.state === 'answered') {
    events.push(make('call.answered', state.answeredAt ?? state.since, ownExtension(state, direction, numbering)))
  }
  if (state.state === 'ended') {
    const extension = ownExtension(state, direction, numbering)
    events.push(make('call.ended', state.endedAt, extension, 'live'))
    // A call that was merged into another by a transfer goes on as that one.
    if (isMissed(state, direction) && state.mergedInto === undefined)
      events.push(make('call.missed', state.endedAt, extension))
  }
  return events
}

/**
 * Returns the final events of an ended call.
 * @param call the call as `GET /calls/{id}` answers it
 * @param cdrs its CDRs: other ones make another `call.ended`
 */
export function finalEvents(site: SiteId, call: Call, cdrs: readonly Cdr[], numbering: Numbering): StoredEvent[] {
  const { cdrs: _cdrs, ...rest } = call
  const direction = call.direction ?? liveDirection(call, numbering)
  const extension = ownExtension(call, direction, numbering)
  const data = (type: CallEventType) => ({
    ...rest,
    ...factsOf(call, direction, extension, numbering),
    callSeq: `${finalPhase}.${String(cdrs.length).padStart(10, '0')}.${steps[type]}`,
    final: true,
  })
  const at = call.endedAt ?? call.startedAt
  const records = cdrs.map((cdr) => cdrId(site, cdr)).sort()
  const endedId = eventId(site, 'call.ended', call.call, 'final', call.result ?? '', ...records)
  const ended = callEvent(endedId, 'call.ended', at, data('call.ended'))
  if (!isMissed(call, direction)) return [ended]
  return [ended, callEvent(eventId(site, 'call.missed', call.call), 'call.missed', at, data('call.missed'))]
}

export function cdrEventOf(site: SiteId, cdr: Cdr): StoredEvent {
  return {
    id: eventId(site, 'cdr.recorded', cdrId(site, cdr)),
    type: 'cdr.recorded',
    time: new Date(momentSeconds(cdr.end || cdr.start) * 1000).toISOString(),
    subject: cdr.linkedid,
    data: { cdr },
  }
}

function callEvent(id: string, type: CallEventType, time: string, data: CallEventData): StoredEvent {
  return { id, type, time, subject: data.call, data }
}

/** The same whichever fact makes the event. The phones that ring at the same time differ in a part of the event's id. */
function liveSeq(type: CallEventType, time: string, id: string): string {
  const ms = String(Date.parse(time)).padStart(13, '0')
  return `${phases[type]}.${ms}.${steps[type]}-${id.slice(-6)}`
}

/** A missed call is one that counts as abandoned, and that nobody of the site made to the outside. */
function isMissed({ result }: Pick<Call, 'result'>, direction: Direction): boolean {
  return result !== undefined && callResults[result].figure === 'abandoned' && direction !== 'outbound'
}

function factsOf(
  state: Pick<Call, 'caller' | 'dialled'>,
  direction: Direction,
  extension: string | undefined,
  numbering: Numbering,
) {
  const outside = {
    inbound: canonicalNumber(state.caller.number, numbering),
    outbound: canonicalDialled(state.dialled, numbering),
    internal: '',
  }[direction]
  return { direction, ...(extension !== undefined && { extension }), ...(outside !== '' && { party: outside }) }
}

/** Seconds of a live call that has ended. The call records may correct them. */
function withSeconds(state: CallState): CallEventData | CallState {
  if (state.state !== 'ended' || state.endedAt === undefined) return state
  const [start, end] = [Date.parse(state.startedAt), Date.parse(state.endedAt)]
  // A queue answers before anybody does, and voicemail is nobody: both are no answer, as in the call log.
  const isAnswered = state.answeredAt !== undefined && state.result === 'answered'
  const answer = isAnswered && state.answeredAt !== undefined ? Date.parse(state.answeredAt) : end
  const seconds = (ms: number) => Math.max(0, Math.round(ms / 1000))
  const parkedMs = (state.parkedSeconds ?? 0) * 1000
  const [durationSeconds, talkSeconds] = [seconds(end - start), seconds(end - answer - parkedMs)]
  return { ...state, durationSeconds, talkSeconds, ringSeconds: seconds(answer - start) }
}

/** Returns the state with its numbers in the form that the call log has. */
export function withNumbers(state: CallState, numbering: Numbering): CallState {
  const dialled = (party: Party): Party => ({ ...party, number: canonicalDialled(party.number, numbering) })
  const { caller, callees, former, answeredBy } = state
  return {
    ...state,
    caller: { ...caller, number: canonicalNumber(caller.number, numbering) },
    dialled: canonicalDialled(state.dialled, numbering),
    callees: callees.map(dialled),
    ...(former && { former: former.map(dialled) }),
    ...(answeredBy && { answeredBy: dialled(answeredBy) }),
  }
}

/** By the rules of the call log: the ends decide, and where nothing says what the calling end is, the numbers do. */
export function liveDirection(state: Pick<Call, 'caller' | 'dialled' | 'callees'>, numbering: Numbering): Direction {
  const lines = linesOf(numbering)
  const { endpoint, number } = state.caller
  const isLine = (end: string | undefined) => {
    if (end === undefined) return undefined
    return isTrunk(end, lines) ?? (lines.foundTrunks?.has(end) ? true : undefined)
  }
  const isFromTrunk = isLine(endpoint)
  if (isFromTrunk === true) return 'inbound'
  // A trunk that a group or a forwarded phone leads to rings with another number than the dialled extension.
  const dialled = canonicalDialled(state.dialled, numbering)
  const isToTrunk = state.callees.some(
    (party) =>
      isLine(party.endpoint) === true &&
      (!isExtension(dialled) || canonicalDialled(party.number, numbering) === dialled),
  )
  const leadsOutside = isToTrunk || isOutside(dialled)
  if (isFromTrunk === undefined && isOutside(canonicalNumber(number, numbering)) && !leadsOutside) return 'inbound'
  return leadsOutside ? 'outbound' : 'internal'
}

export function extensionOf({ endpoint, number }: Party, numbering: Numbering): string | undefined {
  const lines = linesOf(numbering)
  const configured = endpoint === undefined ? undefined : lines.numbers.get(endpoint)
  if (configured !== undefined) return configured
  if (isExtension(number)) return number
  return endpoint === undefined ? undefined : numberOfPhone(endpoint, lines)
}

/**
 * The extension that a call is about: the calling one of an outbound call, else the one that answered, or the lowest that rang, since
 * live state and call log list those of a group in different orders, or the called one.
 */
function ownExtension(
  { caller, dialled, callees, former = [], rang = [], answeredBy }: OwnEnds,
  direction: Direction,
  numbering: Numbering,
): string | undefined {
  if (direction === 'outbound') return extensionOf(caller, numbering)
  const isCaller = (party: Party) => party.endpoint !== undefined && party.endpoint === caller.endpoint
  const rung = (rang.length > 0 ? rang : [...callees, ...former]).filter((party) => !isCaller(party))
  const parties = answeredBy ? [answeredBy] : rung
  const found = parties.flatMap((party) => extensionOf(party, numbering) ?? [])
  const [lowest] = found.sort((a, b) => Number(a) - Number(b) || (a < b ? -1 : 1))
  return lowest ?? (isExtension(dialled) && /^\d+$/.test(dialled) ? dialled : undefined)
}
