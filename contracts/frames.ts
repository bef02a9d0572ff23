import * as v from 'valibot'
import { CallState, EndpointState, Gap, PbxStatus } from './facts.ts'
import { extensionsMax, topicsMax } from './limits.ts'
import { QueuePart } from './queues.ts'
import { maxCodePoints } from './text.ts'
import { Version } from './version.ts'

/** Frames on the WebSocket, one JSON object each. This is version 1 of the protocol; both sides ignore unknown fields. */
export const protocolVersion = 1

/** Topics whose entities have versions. */
export const EntityTopic = v.picklist(['endpoints', 'calls', 'queues'])
export type EntityTopic = v.InferOutput<typeof EntityTopic>
export const Topic = v.picklist(['endpoints', 'calls', 'queues', 'stats'])
export type Topic = v.InferOutput<typeof Topic>

const topics = v.pipe(v.array(Topic), v.minLength(1), v.maxLength(topicsMax))
/** Sends only entities of these extensions: endpoints by number, resource or id, calls by their parties. All if absent; `queues` are always all. */
const extensions = v.optional(
  v.pipe(v.array(v.pipe(v.string(), v.minLength(1), maxCodePoints(100))), v.minLength(1), v.maxLength(extensionsMax)),
)
/** Newest write stamp in the frame: Unix milliseconds of the start of the invocation that wrote. */
const stamp = v.pipe(v.number(), v.integer(), v.minValue(0))
/** Clock of the cloud when it made the frame, in Unix milliseconds. Clients judge staleness by it, not by their own clock. */
const told = { t: v.optional(stamp) }
const heard = {
  /** When the bridge last sent a message, if ever. */
  lastHeard: v.optional(v.string()),
  /** Whether that is so long ago that the states may be stale. */
  stale: v.optional(v.boolean()),
  /** Whether the bridge reaches the PBX, as it last said; of two reports, the one with the greater `v` is the newer. */
  pbx: v.optional(v.looseObject({ ...PbxStatus.entries, v: v.optional(Version) })),
}

export const SubscribeFrame = v.looseObject({
  action: v.literal('subscribe'),
  /** Protocol version of the client; 1 if absent. */
  protocol: v.optional(v.number()),
  topics,
  extensions,
})
/** Subscribes and requests only entities written since `w`, and in the 12 s before it. Not for clients with a filter. */
export const ResumeFrame = v.looseObject({
  action: v.literal('resume'),
  protocol: v.optional(v.number()),
  topics,
  /** Newest epoch of the site that the client knows. */
  epoch: v.pipe(v.number(), v.integer(), v.minValue(0)),
  w: stamp,
})
/** Keeps the socket open; with `topics`, the pong has the digest that the client should compute for each. */
export const PingFrame = v.looseObject({ action: v.literal('ping'), topics: v.optional(topics), extensions })
export const ClientFrame = v.variant('action', [SubscribeFrame, ResumeFrame, PingFrame])
export type SubscribeFrame = v.InferOutput<typeof SubscribeFrame>
export type ResumeFrame = v.InferOutput<typeof ResumeFrame>
export type ClientFrame = v.InferOutput<typeof ClientFrame>

/** `(v, r)` orders the versions of an entity: `v` is the bridge's version, `r` counts the cloud's own changes of it. */
const versioned = { v: Version, r: v.pipe(v.number(), v.integer(), v.minValue(0)) }
export const EndpointEntity = v.looseObject({ ...versioned, id: v.string(), state: EndpointState })
export const CallEntity = v.looseObject({ ...versioned, id: v.string(), state: CallState })
export type EndpointEntity = v.InferOutput<typeof EndpointEntity>
export type CallEntity = v.InferOutput<typeof CallEntity>
/** A queue, one of its members or one waiting caller. */
export const QueueEntity = v.looseObject({ ...versioned, id: v.string(), state: QueuePart })
export type QueueEntity = v.InferOutput<typeof QueueEntity>
export const Entity = v.union([EndpointEntity, CallEntity, QueueEntity])
export type Entity = EndpointEntity | CallEntity | QueueEntity

/** An entity that no longer exists. In a delta: an endpoint that left the configuration; ended calls arrive as entities in state `ended`, parts of queues as `gone`. */
export const Removal = v.looseObject({ ...versioned, id: v.string() })
export type Removal = v.InferOutput<typeof Removal>

const content = v.array(Entity)
const removed = v.optional(v.array(Removal))
const part = { part: v.number(), parts: v.number() }

/** One part of a snapshot. `removed` are entities that ended so recently that an older frame about them may still arrive. */
const portion = {
  topic: EntityTopic,
  ...part,
  ...told,
  ...heard,
  epoch: v.optional(v.number()),
  w: stamp,
  entities: content,
  removed,
}

/** All entities of a topic, in `parts` frames counted from 1. The client ignores entities that it has in a newer version. */
export const SnapshotFrame = v.looseObject({
  type: v.literal('snapshot'),
  protocol: v.literal(protocolVersion),
  ...portion,
})
/** Answers `resume` for endpoints and queues: those written since the stamp. Calls are few, so they come as a snapshot. */
export const ResumedFrame = v.looseObject({
  type: v.literal('resumed'),
  ...portion,
})
/** Changed entities. `ks` are the bridge's counts that the frame covers; a fold of several changes covers all their counts. */
export const DeltaFrame = v.looseObject({
  type: v.literal('delta'),
  topic: EntityTopic,
  ...told,
  epoch: v.number(),
  ks: v.array(v.number()),
  w: stamp,
  entities: content,
  removed,
})
/** A new epoch: the bridge has published every entity again, and the counts `k` restart at 1. */
export const ResetFrame = v.looseObject({ type: v.literal('reset'), ...told, epoch: v.number(), reason: v.string() })
export const GapFrame = v.looseObject({ type: v.literal('gap'), ...told, ...Gap.entries })
/** The bridge went offline (`stale`) or came back online, or its PBX went down or came back (`pbx`). */
export const HeardFrame = v.looseObject({ type: v.literal('heard'), ...told, ...heard })
/**
 * Digest of a topic: the count of its entities, and the sum of the 32-bit FNV-1a of each `id@v.r`, modulo 2^32. It leaves out
 * the `recent` ids: entities that were written or ended in the last 3 s may not have reached the client yet.
 */
export const Digest = v.looseObject({ count: v.number(), sum: v.number(), recent: v.optional(v.array(v.string())) })
export type Digest = v.InferOutput<typeof Digest>
export const PongFrame = v.looseObject({
  type: v.literal('pong'),
  ...told,
  ...heard,
  digests: v.optional(
    v.looseObject({ endpoints: v.optional(Digest), calls: v.optional(Digest), queues: v.optional(Digest) }),
  ),
})
/** Figures of the site now: extensions by presence and calls by state. */
export const StatsFrame = v.looseObject({
  type: v.literal('stats'),
  ...told,
  presence: v.record(v.string(), v.number()),
  calls: v.record(v.string(), v.number()),
})
/** Says what is wrong with a client's frame; `retryAfterMs` if it should wait before it tries again. */
export const ErrorFrame = v.looseObject({
  type: v.literal('error'),
  ...told,
  errorId: v.string(),
  detail: v.string(),
  retryAfterMs: v.optional(v.number()),
})

export const ServerFrame = v.variant('type', [
  SnapshotFrame,
  ResumedFrame,
  DeltaFrame,
  ResetFrame,
  GapFrame,
  HeardFrame,
  PongFrame,
  StatsFrame,
  ErrorFrame,
])
export type SnapshotFrame = v.InferOutput<typeof SnapshotFrame>
export type ResumedFrame = v.InferOutput<typeof ResumedFrame>
export type DeltaFrame = v.InferOutput<typeof DeltaFrame>
export type ResetFrame = v.InferOutput<typeof ResetFrame>
export type GapFrame = v.InferOutput<typeof GapFrame>
export type StatsFrame = v.InferOutput<typeof StatsFrame>
export type ServerFrame = v.InferOutput<typeof ServerFrame>

/** Returns whether version `a` is newer than `b`. */
export function isNewer(a: { v: string; r: number }, b: { v: string; r: number }): boolean {
  return a.v > b.v || (a.v === b.v && a.r > b.r)
}
