import { endpointOfChannel } from '../../contracts/channel-name.ts'
import { isDialled } from '../../contracts/dial-steps.ts'
import type { Party } from '../../contracts/facts.ts'
import type { Channel } from './ari-objects.ts'

/** One channel of a call. A `caller` called in or was originated first; a `callee` was dialled. */
export interface Leg {
  readonly id: string
  /** Empty while no event had a usable one. */
  name: string
  /** When the channel was created, Unix milliseconds. The oldest leg gives the call its id. */
  readonly createdMs: number
  role: 'caller' | 'callee' | 'unknown'
  party: Party
  state: string
  isRinging: boolean
  /** Whether the attempt to reach it has ended; a queue reports that twice. */
  isOver: boolean
  /** Q.850 cause of its end; 0 while unknown. */
  cause: number
}

export function newLeg(channel: Channel, createdMs: number): Leg {
  const leg: Leg = {
    id: channel.id,
    name: '',
    createdMs,
    role: 'unknown',
    party: { number: '', name: '' },
    state: channel.state,
    isRinging: false,
    isOver: false,
    cause: 0,
  }
  updateLeg(leg, channel)
  return leg
}

/**
 * Keeps the first number and name of a channel: an originate or a transfer replaces them later. A dial plan that runs on a
 * channel before it is dialled leaves its step, `s`, as the number. A directory look-up sets the name some seconds after the number.
 */
export function updateLeg(leg: Leg, { name, caller, state }: Channel): void {
  if (leg.name === '' && name !== '') nameLeg(leg, name)
  if (leg.party.number === '' && isDialled(caller.number)) leg.party = { ...leg.party, ...pick(caller) }
  else if (leg.party.name === '' && caller.name !== '' && isSameNumber(leg.party.number, caller.number))
    leg.party = { ...leg.party, name: caller.name }
  if (state !== '') leg.state = state
  if (state === 'Ringing') leg.isRinging = true
  if (state === 'Up') leg.isRinging = false
}

function nameLeg(leg: Leg, name: string): void {
  leg.name = name
  const endpoint = endpointOfChannel(name)
  if (endpoint !== undefined) leg.party = { ...leg.party, endpoint }
}

/** Digits at the end of two numbers by which they are the same, whatever prefix the dial plan puts before them. */
const sameDigits = 8

function isSameNumber(a: string, b: string): boolean {
  return (
    a !== '' &&
    (a === b || (a.length >= sameDigits && b.length >= sameDigits && a.slice(-sameDigits) === b.slice(-sameDigits)))
  )
}

/** `0145678900@provider`, and `provider/0145678900` of chan_sip; not `101/sip:101@192.0.2.1`, a phone with its contact. */
const byPeer = /^(?<number>[^@/]{1,80})@(?<peer>.{1,200})$/
const byNumber = /^(?<peer>[^@/]{1,200})\/(?<number>\+?[0-9*#]{1,80})$/

/**
 * Gives a trunk's channel without a number what was dialled over it: `0145678900` in `0145678900@provider`, or as its caller
 * dialled that number.
 */
export function noteDialstring(leg: Leg, dialstring: string | undefined, asDialled: string): void {
  const groups = (byPeer.exec(dialstring ?? '') ?? byNumber.exec(dialstring ?? ''))?.groups
  const { number = '', peer = '' } = groups ?? {}
  if (number === '' || leg.party.number !== '' || !leg.party.endpoint?.endsWith(`/${peer}`)) return
  const isSame = number.length >= sameDigits && asDialled.endsWith(number.slice(-sameDigits))
  leg.party = { ...leg.party, number: isSame ? asDialled : number }
}

/** False for Local channels and for Asterisk's own machinery, such as snoop channels: nobody's phone. */
export function isOfDevice({ party }: Leg): boolean {
  return party.endpoint !== undefined
}

function pick({ number, name }: Party): Party {
  return { number, name }
}
