import * as v from 'valibot'
import { CallResult } from './call-result.ts'
import { field } from './field.ts'
import { checksMax, repairCodePointsMax } from './limits.ts'
import { Timestamp } from './names.ts'
import { Placed } from './placed.ts'
import { BoundedText, maxCodePoints } from './text.ts'

/** Asterisk's device states as `DeviceStateChanged` names them. States that a later Asterisk adds are kept as they are. */
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

const word = BoundedText

/** Whether the bridge reaches its PBX, and since when: a PBX is down from its last sign of life on. */
export const PbxStatus = v.looseObject({ state: v.picklist(['up', 'down']), since: Timestamp })
export type PbxStatus = v.InferOutput<typeof PbxStatus>
/** False while the PBX is down: the state is the last one that was known, or `UNKNOWN`. Absent otherwise. */
const confirmed = v.optional(v.boolean())

/** Whether the endpoint's contact is reachable: `offline` is not registered, `unknown` not reported yet. */
export const Reachability = v.picklist(['online', 'offline', 'unknown'])
export type Reachability = v.InferOutput<typeof Reachability>

/** Where calls are forwarded, and since when. */
const Forward = v.looseObject({ target: word, since: Timestamp })
/** Whether the PBX is registered at the provider of a trunk, and since when. */
export const Registration = v.looseObject({
  state: v.picklist(['registered', 'unregistered', 'rejected']),
  since: Timestamp,
})
export type Registration = v.InferOutput<typeof Registration>
/** A setting that has been on since a time. */
const On = v.looseObject({ since: Timestamp })

/**
 * Whole state of one endpoint after a change. `since` is when the device entered its state. A custom device state (`Custom:lamp`)
 * is an endpoint of its own, `Custom/lamp`; `Custom:DND60` and `Custom:AWAY60` also set `dnd` and `away` of the phones with that
 * number. Fields that are unknown or off are absent.
 */
export const EndpointState = v.looseObject({
  endpoint: v.pipe(word, v.regex(/^[^/]+\/.+$/, 'Not an endpoint: technology/resource. Example: PJSIP/5860.')),
  technology: word,
  resource: word,
  deviceState: word,
  reachability: Reachability,
  since: Timestamp,
  reachableSince: v.optional(Timestamp),
  /** Number and name of the phone in the PBX's configuration; absent for a trunk. */
  number: v.optional(word),
  name: v.optional(word),
  dnd: v.optional(On),
  away: v.optional(On),
  /** Forwarding of all calls; of calls that find the phone busy; that nobody answers; while it is not registered. */
  forward: v.optional(Forward),
  forwardBusy: v.optional(Forward),
  forwardNoAnswer: v.optional(Forward),
  forwardUnavailable: v.optional(Forward),
  /** Whether the dial plan follows forwarding that is set over the API. */
  forwardable: v.optional(v.boolean()),
  /** Round trip of the last SIP OPTIONS request to the phone. */
  roundTripMs: v.optional(v.number()),
  mailbox: v.optional(v.looseObject({ new: v.number(), old: v.number(), since: Timestamp })),
  /** Set if the endpoint is a trunk, which leads out of the site and is nobody's phone; `registration` if the PBX registers there. */
  trunk: v.optional(v.looseObject({ registration: v.optional(Registration) })),
  confirmed,
})
export type EndpointState = v.InferOutput<typeof EndpointState>

/** One side of a call. `endpoint` is `technology/resource`; absent for a channel without one, such as `Local`. */
export const Party = v.looseObject({ number: word, name: word, endpoint: v.optional(word) })
export type Party = v.InferOutput<typeof Party>

export const CallProgress = v.picklist(['dialling', 'ringing', 'answered', 'ended'])
export type CallProgress = v.InferOutput<typeof CallProgress>

/** Whole state of one call after a change. `call` is Asterisk's linkedid; `cause` is a Q.850 code, once the call has ended. */
export const CallState = v.looseObject({
  call: word,
  state: CallProgress,
  /** When the call entered its state. */
  since: v.optional(Timestamp),
  caller: Party,
  /** The dialled extension of the dial plan. */
  dialled: word,
  /** The parties that ring, or that answered. */
  callees: v.pipe(v.array(Party), v.maxLength(50)),
  /**
   * Parties that rang or talked and no longer do. Together with caller and callees the list only grows, so that a subscriber to
   * one party also gets the end of the call.
   */
  former: v.optional(v.pipe(v.array(Party), v.maxLength(50))),
  startedAt: Timestamp,
  /** When the caller was answered; of an ended call, when a phone or a conference answered, if any did. */
  answeredAt: v.optional(Timestamp),
  endedAt: v.optional(Timestamp),
  cause: v.optional(v.number()),
  /** Of an ended call: seconds in which it was parked after somebody had answered. */
  parkedSeconds: v.optional(v.number()),
  /** How an ended call went, and the party that first spoke to the caller, by the rules of the call log. */
  result: v.optional(CallResult),
  answeredBy: v.optional(Party),
  /** The call into which an attended transfer merged this one. */
  mergedInto: v.optional(word),
  /** Stage of a call placed by API, from its caller's side. */
  placed: v.optional(Placed),
  confirmed,
})
export type CallState = v.InferOutput<typeof CallState>

/** Requests that Asterisk refused, from one address, or from many that tried a few times each (`several`). */
export const Attack = v.looseObject({
  /** IPv4 or IPv6. */
  address: word,
  addresses: v.pipe(v.number(), v.integer(), v.minValue(1)),
  count: v.pipe(v.number(), v.integer(), v.minValue(1)),
  from: Timestamp,
  to: Timestamp,
  /** By the name of Asterisk's security event. */
  kinds: v.record(v.pipe(v.string(), v.maxLength(50)), v.pipe(v.number(), v.integer(), v.minValue(1))),
})
export type Attack = v.InferOutput<typeof Attack>

/** Ends the resynchronisation of an epoch: entities that were published before it and are not listed no longer exist. */
export const EpochReady = v.looseObject({
  run: word,
  /** Set if no epoch began: the bridge repeats the list now and then to repair lost messages. */
  again: v.optional(v.boolean()),
  pbx: v.optional(PbxStatus),
  liveCalls: v.array(word),
  endpoints: v.array(word),
  /** Ids of queues, members and waiting callers; absent while the bridge does not know them. */
  queues: v.optional(v.array(word)),
})
export type EpochReady = v.InferOutput<typeof EpochReady>

export const ComponentHealth = v.picklist(['up', 'down', 'unknown'])

/** Events between the two times may be missing. The current state was published after it. */
export const Gap = v.looseObject({ from: Timestamp, to: Timestamp, reason: word })
export type Gap = v.InferOutput<typeof Gap>

/**
 * The newest result of a check that the running bridge makes. The catalogue of ids is the bridge's: the cloud takes those of a
 * newer bridge. Only a result that is not `ok` has a reason and a repair, which keeps heartbeats short.
 */
export const CheckResult = v.looseObject({
  id: field(word, 'Which check; docs/operate.md explains each.'),
  state: field(
    v.picklist(['ok', 'warning', 'failed']),
    '`failed`: a part of the bridge waits until it is repaired. `warning`: it works, but a person should look.',
  ),
  reason: v.optional(field(word, 'What was found, in one sentence.')),
  repair: v.optional(
    field(v.pipe(v.string(), maxCodePoints(repairCodePointsMax)), 'What to do, or the configuration to paste.'),
  ),
})
export type CheckResult = v.InferOutput<typeof CheckResult>

/** Sent after 10 s without another message, and once a minute beside others. `run` is new at each start of the process. */
export const Heartbeat = v.looseObject({
  run: word,
  pbx: ComponentHealth,
  pbxSince: v.optional(Timestamp),
  /** Version of the bridge's program. */
  version: v.optional(word),
  /** Version of Asterisk; absent until the bridge has reached it. */
  asterisk: v.optional(word),
  checks: v.optional(v.pipe(v.array(CheckResult), v.maxLength(checksMax))),
  /** The last gap of this process. */
  lastGap: v.optional(Gap),
  /** Counts of what the bridge quarantined, refused or dropped since its start, by errorId. */
  counters: v.record(v.string(), v.number()),
})
export type Heartbeat = v.InferOutput<typeof Heartbeat>
