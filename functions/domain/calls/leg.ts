import type { Direction } from '../../../contracts/calls.ts'
import { type Cdr, momentSeconds } from '../../../contracts/cdr.ts'
import type { Party } from '../../../contracts/facts.ts'
import { canonicalNumber, isExtension, type Numbering } from '../phone-number.ts'

/** One CDR read as what it is: one attempt to connect two ends. */
export interface Leg {
  cdr: Cdr
  /** Canonical. */
  caller: string
  called: string
  /** Unix seconds. `answer` is absent where nobody did. */
  start: number
  answer: number | undefined
  end: number
  /** `technology/resource` at either end, absent for none and for `Local` ones. */
  from: string | undefined
  to: string | undefined
  isVoicemail: boolean
  /** Asterisk's own side of another leg: a `Local` channel, or the channel of who was called, after it was moved. */
  isHelper: boolean
}

export function readLeg(cdr: Cdr, numbering: Numbering): Leg {
  const start = momentSeconds(cdr.start)
  return {
    cdr,
    caller: canonicalNumber(cdr.src, numbering),
    called: canonicalNumber(cdr.dst, numbering),
    start,
    answer: cdr.answer ? momentSeconds(cdr.answer) : undefined,
    end: cdr.end ? momentSeconds(cdr.end) : start + cdr.duration,
    from: endpointOf(cdr.channel),
    to: endpointOf(cdr.dstchannel),
    isVoicemail: /^voicemail$/i.test(cdr.lastapp),
    isHelper: cdr.channel.startsWith('Local/') || cdr.lastapp === 'AppDial',
  }
}

/** `PJSIP/5861-00000003` is a channel of the endpoint `PJSIP/5861`. */
export function endpointOf(channel: string): string | undefined {
  if (channel === '' || channel.startsWith('Local/')) return undefined
  const endpoint = channel.replace(/-[0-9a-f]{8,}(;\d)?$/i, '')
  return endpoint.includes('/') ? endpoint : undefined
}

/** Oldest first; legs of one second in the order in which Asterisk numbered them. */
export function readLegs(cdrs: readonly Cdr[], numbering: Numbering): Leg[] {
  const legs = cdrs.map((cdr) => readLeg(cdr, numbering))
  return legs.sort((a, b) => a.start - b.start || a.cdr.sequence - b.cdr.sequence)
}

/** A name that is given to people: not a step of the dial plan such as `s`, `h` or `s-BUSY`. */
export function isDialled(dst: string): boolean {
  return !/^(|s|h|t|i|T|s-.*)$/.test(dst)
}

/** Contexts into which PBXs send what comes from outside, when the caller shows no number. */
const outsideContext = /entrant|trunk|pstn|extern|incoming|inbound|did/i

export function isOutside(number: string): boolean {
  return number !== '' && !isExtension(number) && /^\+?\d+$/.test(number)
}

/**
 * Told by the numbers alone, since no CDR says what a trunk is: a caller from outside, or without a number in a context
 * for outside callers, came in; else an outside number dialled went out; else neither.
 */
export function directionOf({ caller, called, cdr }: Leg): Direction {
  if (isOutside(caller) || (caller === '' && outsideContext.test(cdr.dcontext))) return 'inbound'
  return isOutside(called) ? 'outbound' : 'internal'
}

/** The trunk of a leg: the far endpoint of an outside number. */
export function trunkOf(leg: Leg): string | undefined {
  const direction = directionOf(leg)
  return direction === 'inbound' ? leg.from : direction === 'outbound' ? leg.to : undefined
}

export function callerOf({ caller, cdr, from }: Leg): Party {
  const name = /^"(.*)"\s*<.*>$/.exec(cdr.clid)?.[1]?.trim() ?? ''
  return { number: caller, name, ...(from !== undefined && { endpoint: from }) }
}
