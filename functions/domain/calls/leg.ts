import type { Direction } from '../../../contracts/calls.ts'
import { type Cdr, momentSeconds } from '../../../contracts/cdr.ts'
import type { Party } from '../../../contracts/facts.ts'
import { canonicalNumber, isExtension, type Numbering } from '../phone-number.ts'

/** One CDR: one attempt to connect two ends. */
export interface Leg {
  cdr: Cdr
  /** Canonical numbers. */
  caller: string
  called: string
  /** Unix seconds. `answer` is undefined if the leg was not answered. */
  start: number
  answer: number | undefined
  end: number
  /** The endpoint (`technology/resource`) at either end; undefined if there is none or it is a `Local` channel. */
  from: string | undefined
  to: string | undefined
  isVoicemail: boolean
  /** True for Asterisk's internal counterpart of another leg: a `Local` channel, or a called channel after a transfer. */
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

/** Returns the endpoint of a channel: `PJSIP/5861` for `PJSIP/5861-00000003`. */
export function endpointOf(channel: string): string | undefined {
  if (channel === '' || channel.startsWith('Local/')) return undefined
  const endpoint = channel.replace(/-[0-9a-f]{8,}(;\d)?$/i, '')
  return endpoint.includes('/') ? endpoint : undefined
}

/** Returns the legs, oldest first; legs of the same second in the order of their `sequence`. */
export function readLegs(cdrs: readonly Cdr[], numbering: Numbering): Leg[] {
  const legs = cdrs.map((cdr) => readLeg(cdr, numbering))
  return legs.sort((a, b) => a.start - b.start || a.cdr.sequence - b.cdr.sequence)
}

/** Returns true if a person dials this: it is not a special extension of the dial plan, such as `s`, `h` or `s-BUSY`. */
export function isDialled(dst: string): boolean {
  return !/^(|s|h|t|i|T|s-.*)$/.test(dst)
}

/** Usual names of contexts for incoming calls, by which calls without a caller number are recognised. */
const outsideContext = /entrant|trunk|pstn|extern|incoming|inbound|did/i

export function isOutside(number: string): boolean {
  return number !== '' && !isExtension(number) && /^\+?\d+$/.test(number)
}

/**
 * Returns the direction, by the numbers alone, since a CDR does not say which channel is a trunk. A call from an outside
 * number, or without a number in a context for incoming calls, is inbound; a call to an outside number is outbound; any
 * other call is internal.
 */
export function directionOf({ caller, called, cdr }: Leg): Direction {
  if (isOutside(caller) || (caller === '' && outsideContext.test(cdr.dcontext))) return 'inbound'
  return isOutside(called) ? 'outbound' : 'internal'
}

/** Returns the trunk of a leg: the endpoint at the side of the outside number. */
export function trunkOf(leg: Leg): string | undefined {
  const direction = directionOf(leg)
  return direction === 'inbound' ? leg.from : direction === 'outbound' ? leg.to : undefined
}

export function callerOf({ caller, cdr, from }: Leg): Party {
  const name = /^"(.*)"\s*<.*>$/.exec(cdr.clid)?.[1]?.trim() ?? ''
  return { number: caller, name, ...(from !== undefined && { endpoint: from }) }
}
