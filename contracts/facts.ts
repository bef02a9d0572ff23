import * as v from 'valibot'
import { Timestamp } from './names.ts'
import { Placed } from './placed.ts'

/** Asterisk's device states, as `DeviceStateChanged` names them. A state of the future is kept as it is. */
export const knownDeviceStates = [
  'UNKNOWN',
  'NOT_INUSE',
  'INUSE',
  'BUSY',
  'INVALID',
  'UNAVAILABLE',
  'RINGING',
  'RINGINUSE',
  'ONHOLD',
] as const

const word = v.pipe(v.string(), v.maxLength(200))

/** Whether the endpoint's contact answers: not registered (`offline`) and not yet heard (`unknown`) are told apart. */
export const Reachability = v.picklist(['online', 'offline', 'unknown'])
export type Reachability = v.InferOutput<typeof Reachability>

/** Where calls are sent on to, and since when. */
const Forward = v.looseObject({ target: word, since: Timestamp })
/** Something that is on since a time. */
const On = v.looseObject({ since: Timestamp })

/**
 * The whole state of one endpoint after a change; `since` is when the device state was taken. A custom device state
 * (`Custom:lamp`) is an endpoint `Custom/lamp` of its own; `Custom:DND60` and `Custom:AWAY60` also set `dnd` and `away`
 * of the phones with that number. What is not known, or not so, is absent.
 */
export const EndpointState = v.looseObject({
  endpoint: v.pipe(word, v.regex(/^[^/]+\/.+$/, 'technology/resource')),
  technology: word,
  resource: word,
  deviceState: word,
  reachability: Reachability,
  since: Timestamp,
  reachableSince: v.optional(Timestamp),
  /** Number and name by which the PBX's configuration knows the phone; a trunk has none. */
  number: v.optional(word),
  name: v.optional(word),
  dnd: v.optional(On),
  away: v.optional(On),
  /** All calls; those that find it busy, unanswered, or not registered. */
  forward: v.optional(Forward),
  forwardBusy: v.optional(Forward),
  forwardNoAnswer: v.optional(Forward),
  forwardUnavailable: v.optional(Forward),
  /** The PBX's dial plan follows what is set here over the API. */
  forwardable: v.optional(v.boolean()),
  /** Of the last question whether it is there. */
  roundTripMs: v.optional(v.number()),
  mailbox: v.optional(v.looseObject({ new: v.number(), old: v.number(), since: Timestamp })),
})
export type EndpointState = v.InferOutput<typeof EndpointState>

/** One side of a call. `endpoint` is `technology/resource`, absent where the channel has none (a `Local` one). */
export const Party = v.looseObject({ number: word, name: word, endpoint: v.optional(word) })
export type Party = v.InferOutput<typeof Party>

export const CallProgress = v.picklist(['dialling', 'ringing', 'answered', 'ended'])
export type CallProgress = v.InferOutput<typeof CallProgress>

/** The whole state of one call after a change; `call` is Asterisk's linkedid. `cause` is Q.850's, once ended. */
export const CallState = v.looseObject({
  call: word,
  state: CallProgress,
  /** When it came into that state. */
  since: v.optional(Timestamp),
  caller: Party,
  /** What was dialled: the extension in the dial plan. */
  dialled: word,
  /** Who is ringing, or who answered. */
  callees: v.pipe(v.array(Party), v.maxLength(50)),
  /**
   * Who rang or talked and does no more. With caller and callees it only grows, so that who was told of a call because of
   * one party is told its end as well.
   */
  former: v.optional(v.pipe(v.array(Party), v.maxLength(50))),
  startedAt: Timestamp,
  answeredAt: v.optional(Timestamp),
  endedAt: v.optional(Timestamp),
  cause: v.optional(v.number()),
  /** The call that this one became part of, by an attended transfer. */
  mergedInto: v.optional(word),
  /** Of a call that the API placed: how far it has come from its caller's side. */
  placed: v.optional(Placed),
})
export type CallState = v.InferOutput<typeof CallState>

/** Everything of the epoch has been asserted: what was told before this and is not listed does not exist any more. */
export const EpochReady = v.looseObject({
  run: word,
  /** Nothing began: the list is told again, as now and then it is, against what may have gone wrong on the way. */
  again: v.optional(v.boolean()),
  liveCalls: v.array(word),
  endpoints: v.array(word),
})
export type EpochReady = v.InferOutput<typeof EpochReady>

export const ComponentHealth = v.picklist(['up', 'down', 'unknown'])

/** Sent each 10 s when nothing else was. `run` is new at each start of the process. */
export const Heartbeat = v.looseObject({
  run: word,
  pbx: ComponentHealth,
  /** What the bridge put aside, refused or dropped since its start, by errorId. */
  counters: v.record(v.string(), v.number()),
})
export type Heartbeat = v.InferOutput<typeof Heartbeat>

/** What happened between the two times may have been missed; the present state was asserted after it. */
export const Gap = v.looseObject({ from: Timestamp, to: Timestamp, reason: word })
export type Gap = v.InferOutput<typeof Gap>
