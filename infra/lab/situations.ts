import type { CallExpected, NatOptions, Situation } from './situation.ts'

const none: NatOptions = { forceRport: false, rewriteContact: false, rtpSymmetric: false }
const all: NatOptions = { forceRport: true, rewriteContact: true, rtpSymmetric: true }

const never: CallExpected = { arrives: false }
const both: CallExpected = { arrives: true, heardByA: 'audio', heardByB: 'audio', endReachesA: true }
/** The phone speaks and hears nothing, and stays on the line when B hangs up. */
const oneWay: CallExpected = { arrives: true, heardByA: 'none', heardByB: 'audio', endReachesA: false }
/**
 * The called phone speaks first. If B's first packet reaches the router before A's first packet leaves it, Linux notes the packet as one to itself, gives A's audio
 * another port, and drops what follows.
 */
const race: CallExpected = { ...both, heardByA: 'either' }

/** Whether the end of a call reaches A depends on whether the call was shorter than the router's memory. */
const unwatched: CallExpected = { arrives: true, heardByA: 'audio', heardByB: 'audio' }

const usual = { rport: true, stun: false, qualifySeconds: 0, registers: true } as const

/** The options of pjsip.conf, one by one: measured before this laboratory existed, and the reason of `nat: auto`. */
const options: readonly Situation[] = [
  {
    ...{ ...usual, id: 'o1', name: 'random ports, phone without rport, no option', router: 'random', nat: none },
    ...{ rport: false, registers: false, toA: never, fromA: never },
  },
  {
    ...{ ...usual, id: 'o2', name: 'random ports, no option', router: 'random', nat: none },
    ...{ toA: never, fromA: oneWay },
  },
  {
    ...{ ...usual, id: 'o3', name: 'random ports, force_rport', router: 'random' },
    ...{ nat: { ...none, forceRport: true }, toA: never, fromA: oneWay },
  },
  {
    ...{ ...usual, id: 'o4', name: 'random ports, force_rport and rtp_symmetric', router: 'random' },
    ...{ nat: { ...all, rewriteContact: false }, toA: never, fromA: { ...both, endReachesA: false } },
  },
  {
    ...{ ...usual, id: 'o5', name: 'random ports, force_rport and rewrite_contact', router: 'random' },
    ...{
      nat: { ...all, rtpSymmetric: false },
      toA: { ...both, heardByA: 'none' },
      fromA: { ...both, heardByA: 'none' },
    },
  },
  {
    ...{ ...usual, id: 'o6', name: 'random ports, all three options', router: 'random', nat: all },
    ...{ toA: both, fromA: both },
  },
  {
    ...{ ...usual, id: 'o7', name: 'ports kept, STUN, no option', router: 'preserving', nat: none },
    ...{ stun: true, toA: both, fromA: race },
  },
  {
    ...{ ...usual, id: 'o8', name: 'ports kept, STUN, rtp_symmetric', router: 'preserving' },
    ...{ stun: true, nat: { ...none, rtpSymmetric: true }, toA: both, fromA: both },
  },
  {
    ...{ ...usual, id: 'o9', name: 'random ports, STUN, no option', router: 'random', nat: none },
    ...{ stun: true, toA: never, fromA: oneWay },
  },
  {
    ...{ ...usual, id: 'o10', name: 'random ports forgotten after 5 s, 12 s of silence', router: 'random', nat: all },
    ...{ forgetsSeconds: 5, idleSeconds: 12, toA: never, fromA: unwatched },
  },
  {
    ...{ ...usual, id: 'o11', name: 'the same, qualify_frequency=3', router: 'random', nat: all },
    ...{ forgetsSeconds: 5, idleSeconds: 12, qualifySeconds: 3, toA: both, fromA: both },
  },
]

/** The six situations of the course report, in its order. */
const report: readonly Situation[] = [
  {
    ...{ ...usual, id: 'r1', name: 'report: no cure', router: 'preserving', nat: none },
    ...{ toA: never, fromA: oneWay },
  },
  {
    ...{ ...usual, id: 'r2', name: 'report: STUN, at once', router: 'preserving', nat: none },
    ...{ stun: true, toA: both, fromA: race },
  },
  {
    ...{ ...usual, id: 'r3', name: 'report: STUN, after expiry, no keep-alive', router: 'preserving', nat: none },
    ...{ stun: true, forgetsSeconds: 5, idleSeconds: 12, toA: never, fromA: { ...unwatched, heardByA: 'either' } },
  },
  {
    ...{ ...usual, id: 'r4', name: 'report: STUN, keep-alive', router: 'preserving', nat: none },
    ...{ stun: true, forgetsSeconds: 5, idleSeconds: 12, qualifySeconds: 3, toA: both, fromA: race },
  },
  {
    ...{ ...usual, id: 'r5', name: 'report: STUN behind a symmetric NAT', router: 'random', nat: none },
    ...{ stun: true, toA: never, fromA: oneWay },
  },
  {
    ...{ ...usual, id: 'r6', name: 'report: rport', router: 'random', nat: all },
    ...{ toA: both, fromA: both },
  },
]

/** What `nat` of site.yaml must do. A router that forgets after 20 s stands for the 30 s of real ones. */
const forgetful = { forgetsSeconds: 20, idleSeconds: 35, qualifySeconds: 60 } as const
const sites: readonly Situation[] = [
  { ...usual, id: 'n1', name: 'nat: auto, no router', router: 'none', nat: 'auto', toA: both, fromA: both },
  { ...usual, id: 'n2', name: 'nat: public, no router', router: 'none', nat: 'public', toA: both, fromA: both },
  { ...usual, id: 'n3', name: 'nat: auto, random ports', router: 'random', nat: 'auto', toA: both, fromA: both },
  { ...usual, id: 'n4', name: 'nat: auto, ports kept', router: 'preserving', nat: 'auto', toA: both, fromA: both },
  {
    ...{ ...usual, id: 'n5', name: 'nat: auto, ports kept, phone without rport', router: 'preserving', nat: 'auto' },
    ...{ rport: false, toA: both, fromA: both },
  },
  {
    ...{ ...usual, id: 'n6', name: 'nat: auto, random ports, phone without rport', router: 'random', nat: 'auto' },
    ...{ rport: false, toA: both, fromA: both },
  },
  {
    ...{ ...usual, id: 'n7', name: 'nat: auto, ports kept, STUN', router: 'preserving', nat: 'auto' },
    ...{ stun: true, toA: both, fromA: both },
  },
  {
    ...{ ...usual, id: 'n8', name: 'nat: auto, random ports, STUN', router: 'random', nat: 'auto' },
    ...{ stun: true, toA: both, fromA: both },
  },
  {
    ...{ ...usual, ...forgetful, id: 'n9', name: 'nat: auto, qualify of 60 s, router forgets after 20 s' },
    ...{ router: 'random', nat: 'auto', toA: never, fromA: both },
  },
  {
    ...{ ...usual, ...forgetful, id: 'n10', name: 'nat: behind-nat, the same router' },
    ...{ router: 'random', nat: 'behind-nat', toA: both, fromA: both },
  },
  {
    ...{ ...usual, id: 'n11', name: 'nat: public, random ports', router: 'random', nat: 'public' },
    ...{ toA: never, fromA: oneWay },
  },
  {
    ...{
      ...usual,
      id: 'f1',
      name: 'nat: auto, firewall forgets after 5 s, 12 s of silence',
      router: 'firewall',
      nat: 'auto',
    },
    ...{ forgetsSeconds: 5, idleSeconds: 12, toA: never, fromA: unwatched },
  },
  {
    ...{ ...usual, id: 'f2', name: 'nat: auto, the same firewall, qualify of 3 s', router: 'firewall', nat: 'auto' },
    ...{ forgetsSeconds: 5, idleSeconds: 12, qualifySeconds: 3, toA: both, fromA: both },
  },
]

/** All situations in the order of the table in docs/pbx.md. */
export const situations: readonly Situation[] = [...options, ...report, ...sites]
