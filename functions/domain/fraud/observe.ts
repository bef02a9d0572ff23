import type { Cdr } from '../../../contracts/cdr.ts'
import type { CallState, Party } from '../../../contracts/facts.ts'
import { isOutside } from '../calls/direction.ts'
import { readLeg } from '../calls/leg.ts'
import { canonicalDialled, isExtension, linesOf, type Numbering } from '../phone-number.ts'
import { isTrunk } from '../site-lines.ts'
import { extensionOf, liveDirection, withNumbers } from '../webhooks/call-events.ts'
import type { OutsideCall } from './judge.ts'

/** Returns the legs of a live call that lead outside: what an extension dialled, and where a call was forwarded. */
export function outsideOfFact(fact: CallState, numbering: Numbering): OutsideCall[] {
  const state = withNumbers(fact, numbering)
  const { call, startedAt, answeredAt, endedAt, caller, callees, former = [], dialled } = state
  const times = {
    start: secondsOf(startedAt),
    ...(answeredAt !== undefined && { answer: secondsOf(answeredAt) }),
    ...(endedAt !== undefined && { end: secondsOf(endedAt) }),
  }
  const overTrunk = [...callees, ...former].filter((party) => isOverTrunk(party, numbering) && isOutside(party.number))
  if (liveDirection(state, numbering) === 'outbound') {
    const extension = extensionOf(caller, numbering) ?? nameOf(caller)
    // A short number of the PBX may stand for an outside number.
    const numbers = isOutside(dialled) ? [fact.dialled] : [fact.dialled, ...overTrunk.map(({ number }) => number)]
    return distinct(numbers.map((number) => ({ call, extension, dialled: number, isForwarded: false, ...times })))
  }
  // Somebody may call in to be connected to the outside, without any extension.
  const forwarder = isExtension(dialled) ? dialled : (extensionOf(caller, numbering) ?? nameOf(caller))
  // A trunk may ring with the number of whoever called.
  const forwarded = overTrunk.filter(({ number }) => number !== caller.number)
  return distinct(
    forwarded.map(({ number }) => ({ call, extension: forwarder, dialled: number, isForwarded: true, ...times })),
  )
}

/** `PJSIP/0612345678@provider` and `SIP/provider/0612345678`, with or without the rest of the arguments of Dial. */
const dialledOverTrunk = /^[A-Za-z0-9]+\/(?:(?<before>\+?[0-9*#]{3,40})@|[^/,&@]+\/(?<after>\+?[0-9*#]{3,40}))/

/** Returns the legs of a call record that lead outside. */
export function outsideOfCdr(cdr: Cdr, numbering: Numbering): OutsideCall[] {
  const leg = readLeg(cdr, numbering)
  if (!leg) return []
  const { called, caller, start, answer, end, isFromTrunk, isToTrunk, from } = leg
  const times = { start, ...(answer !== undefined && { answer }), end }
  const isFromPhone = isFromTrunk === false || (isFromTrunk === undefined && isExtension(caller))
  const extension = nameOf({ number: caller, name: '', ...(from !== undefined && { endpoint: from }) })
  if (isOutside(called) && isFromPhone)
    return [{ call: cdr.linkedid, extension, dialled: cdr.dst, isForwarded: false, ...times }]
  if (isToTrunk === false || isFromPhone) return []
  const groups = dialledOverTrunk.exec(cdr.lastdata)?.groups
  const far = groups?.['before'] ?? groups?.['after'] ?? ''
  if (!isOutside(canonicalDialled(far, numbering))) return []
  const forwarder = isExtension(called) && called !== '' ? called : extension
  return [{ call: cdr.linkedid, extension: forwarder, dialled: far, isForwarded: true, ...times }]
}

function isOverTrunk({ endpoint }: Party, numbering: Numbering): boolean {
  if (endpoint === undefined) return false
  const lines = linesOf(numbering)
  // An endpoint that is no phone of the site, with a number from outside, leads there.
  return isTrunk(endpoint, lines) ?? !lines.numbers.has(endpoint)
}

/** Callers from outside have one name, so that an attack over a voice menu that connects strangers is one, whatever numbers it shows. */
const strangers = 'outside'

function nameOf({ number, endpoint }: Party): string {
  if (isOutside(number)) return strangers
  return number !== '' && isExtension(number) ? number : (endpoint ?? strangers)
}

function distinct(calls: readonly OutsideCall[]): OutsideCall[] {
  const seen = new Set<string>()
  return calls.filter(({ dialled }) => !seen.has(dialled) && seen.add(dialled))
}

function secondsOf(time: string): number {
  return Math.floor(Date.parse(time) / 1000)
}
