import { addresses, phoneRtpPort, sipPort } from './addresses.ts'
import { isForgotten, optionsOf, type Situation } from './situation.ts'

/** Where Asterisk sends packets for phone A, whether they get there, and why. */
export interface Leg {
  readonly to: string
  readonly arrives: 'yes' | 'no' | 'either'
  readonly why: string
}

/** The ways of packets in a situation, derived from its settings and not from a measurement. */
export interface Way {
  /** Answers to phone A's requests. */
  readonly answer: Leg
  /** Asterisk's own requests: INVITE of a call to A, and BYE. */
  readonly request: Leg
  /** Audio to phone A in a call from B. */
  readonly audioToA: Leg
  /** Audio to phone A in a call from A. */
  readonly audioFromA: Leg
}

export function wayOf(situation: Situation): Way {
  const answer = answerLeg(situation)
  const request = requestLeg(situation)
  return { answer, request, audioToA: audioLeg(situation, 'B'), audioFromA: audioLeg(situation, 'A') }
}

const hasPublicAddress = ({ router }: Situation) => router === 'none' || router === 'firewall'
const lost = 'a private address leads nowhere in the internet'
const phoneOf = (situation: Situation) => (hasPublicAddress(situation) ? addresses.publicPhoneA : addresses.phoneA)
/** The router's port of a connection that keeps its port, or `?`. */
const portOf = ({ router }: Situation, port: number) => (router === 'random' ? '?' : `${port}`)
const outside = (situation: Situation, port: number) =>
  `${hasPublicAddress(situation) ? addresses.publicPhoneA : addresses.router}:${portOf(situation, port)}`

function answerLeg(situation: Situation): Leg {
  const source = outside(situation, sipPort)
  if (optionsOf(situation).forceRport) return { to: source, arrives: 'yes', why: 'force_rport answers to the source' }
  if (situation.rport) return { to: source, arrives: 'yes', why: 'the phone asks with rport for answers to the source' }
  const named = `${hasPublicAddress(situation) ? addresses.publicPhoneA : addresses.router}:${sipPort}`
  if (situation.router === 'random')
    return { to: named, arrives: 'no', why: 'the router has given the phone another port than it names' }
  return { to: named, arrives: 'yes', why: 'the router keeps the port that the phone names' }
}

function requestLeg(situation: Situation): Leg {
  const { rewriteContact } = optionsOf(situation)
  const source = outside(situation, sipPort)
  if (rewriteContact && isForgotten(situation))
    return { to: source, arrives: 'no', why: 'the router has forgotten the phone after a silence' }
  if (rewriteContact) return { to: source, arrives: 'yes', why: 'rewrite_contact calls the source of the registration' }
  return namedLeg(situation, sipPort, 'SIP')
}

/** The address that the phone names itself, in its Contact or in its offer of audio. */
function namedLeg(situation: Situation, port: number, what: 'SIP' | 'audio'): Leg {
  const named = `${situation.stun && !hasPublicAddress(situation) ? addresses.router : phoneOf(situation)}:${port}`
  if (hasPublicAddress(situation)) {
    if (what === 'SIP' && isForgotten(situation))
      return { to: named, arrives: 'no', why: 'the firewall has forgotten the phone after a silence' }
    return { to: named, arrives: 'yes', why: 'the phone names a public address' }
  }
  if (!situation.stun) return { to: named, arrives: 'no', why: lost }
  if (situation.router === 'random')
    return { to: named, arrives: 'no', why: 'the port that STUN found is open to the STUN server only' }
  if (what === 'SIP' && isForgotten(situation))
    return { to: named, arrives: 'no', why: 'the router has forgotten the port that STUN found' }
  return { to: named, arrives: 'yes', why: 'the port that STUN found is also open to Asterisk' }
}

function audioLeg(situation: Situation, caller: 'A' | 'B'): Leg {
  const source = outside(situation, phoneRtpPort)
  if (optionsOf(situation).rtpSymmetric && !hasPublicAddress(situation))
    return { to: source, arrives: 'yes', why: 'rtp_symmetric sends to the source of A’s audio' }
  const leg = namedLeg(situation, phoneRtpPort, 'audio')
  if (leg.arrives === 'yes' && situation.router === 'preserving' && caller === 'A')
    return { ...leg, arrives: 'either', why: 'only if A’s first packet is at the router before B’s first one' }
  return leg
}
