import * as v from 'valibot'
import { CallState, EndpointState, Gap } from './facts.ts'
import { extensionsMax, topicsMax } from './limits.ts'
import { Version } from './version.ts'

/** What travels on the WebSocket, one JSON object a frame. Version 1 of the protocol; unknown fields are ignored. */
export const protocolVersion = 1

/** Topics whose entities have versions. */
export const EntityTopic = v.picklist(['endpoints', 'calls'])
export type EntityTopic = v.InferOutput<typeof EntityTopic>
export const Topic = v.picklist(['endpoints', 'calls', 'stats'])
export type Topic = v.InferOutput<typeof Topic>

const topics = v.pipe(v.array(Topic), v.minLength(1), v.maxLength(topicsMax))
/** Only what concerns these extensions: an endpoint's number, resource or id, or a party of the call. All, if absent. */
const extensions = v.optional(
  v.pipe(v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(100))), v.minLength(1), v.maxLength(extensionsMax)),
)
/** Newest write stamp held by the frame: Unix milliseconds of the invocation that wrote. */
const stamp = v.pipe(v.number(), v.integer(), v.minValue(0))
/** The cloud's own clock when it made the frame, Unix milliseconds: a reader judges staleness by it, not by its own. */
const told = { t: v.optional(stamp) }
const heard = {
  /** When the bridge was last heard, if ever. */
  lastHeard: v.optional(v.string()),
  /** True if that is so long ago that what is told may not be so any more. */
  stale: v.optional(v.boolean()),
}

export const SubscribeFrame = v.looseObject({
  action: v.literal('subscribe'),
  /** The protocol that the client speaks; 1 unless said. */
  protocol: v.optional(v.number()),
  topics,
  extensions,
})
/** Subscribes, and asks only for what was written since `w`, 12 s before it included; for clients of all extensions. */
export const ResumeFrame = v.looseObject({
  action: v.literal('resume'),
  protocol: v.optional(v.number()),
  topics,
  /** The newest epoch of the site that the client knows. */
  epoch: v.pipe(v.number(), v.integer(), v.minValue(0)),
  w: stamp,
})
/** A sign of life; with `topics`, the answer holds the digest of each as the client should have it. */
export const PingFrame = v.looseObject({ action: v.literal('ping'), topics: v.optional(topics), extensions })
export const ClientFrame = v.variant('action', [SubscribeFrame, ResumeFrame, PingFrame])
export type SubscribeFrame = v.InferOutput<typeof SubscribeFrame>
export type ResumeFrame = v.InferOutput<typeof ResumeFrame>
export type ClientFrame = v.InferOutput<typeof ClientFrame>

/** `(v, r)` orders the versions of an entity: `v` is the bridge's, `r` counts what the cloud itself changed on top. */
const versioned = { v: Version, r: v.pipe(v.number(), v.integer(), v.minValue(0)) }
export const EndpointEntity = v.looseObject({ ...versioned, id: v.string(), state: EndpointState })
export const CallEntity = v.looseObject({ ...versioned, id: v.string(), state: CallState })
export type EndpointEntity = v.InferOutput<typeof EndpointEntity>
export type CallEntity = v.InferOutput<typeof CallEntity>
export const Entity = v.union([EndpointEntity, CallEntity])
export type Entity = EndpointEntity | CallEntity

/** An entity that is no more. In a delta: an endpoint out of the configuration; ended calls arrive as entities, `ended`. */
export const Removal = v.looseObject({ ...versioned, id: v.string() })
export type Removal = v.InferOutput<typeof Removal>

const content = v.array(Entity)
const removed = v.optional(v.array(Removal))
const part = { part: v.number(), parts: v.number() }

/** What a frame of several holds; `removed` is what ended so lately that an older word of it may still be on its way. */
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

/** All that is, in `parts` frames counted from 1. Entities that the client knows in a newer version are passed over. */
export const SnapshotFrame = v.looseObject({
  type: v.literal('snapshot'),
  protocol: v.literal(protocolVersion),
  ...portion,
})
/** The answer to `resume` for endpoints: what was written since. Calls are few, and come as a snapshot. */
export const ResumedFrame = v.looseObject({
  type: v.literal('resumed'),
  ...portion,
})
/** What changed. `ks` are the bridge's counts that the frame covers; a fold of several changes covers all of theirs. */
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
/** The bridge began anew and has asserted all that is; the counts `k` begin at 1 with the epoch. */
export const ResetFrame = v.looseObject({ type: v.literal('reset'), ...told, epoch: v.number(), reason: v.string() })
export const GapFrame = v.looseObject({ type: v.literal('gap'), ...told, ...Gap.entries })
/** The bridge fell silent (`stale`), or is heard again. */
export const HeardFrame = v.looseObject({ type: v.literal('heard'), ...told, ...heard })
/**
 * Count of the topic's entities, and the sum of FNV-1a (32 bits) of each `id@v.r`, modulo 2^32. `recent` ids are left out:
 * what was written or ended in the last 3 s may still be on its way to the client.
 */
export const Digest = v.looseObject({ count: v.number(), sum: v.number(), recent: v.optional(v.array(v.string())) })
export type Digest = v.InferOutput<typeof Digest>
export const PongFrame = v.looseObject({
  type: v.literal('pong'),
  ...told,
  ...heard,
  digests: v.optional(v.looseObject({ endpoints: v.optional(Digest), calls: v.optional(Digest) })),
})
/** Figures of the whole site as it is: how many extensions are in which presence, how many calls in which state. */
export const StatsFrame = v.looseObject({
  type: v.literal('stats'),
  ...told,
  presence: v.record(v.string(), v.number()),
  calls: v.record(v.string(), v.number()),
})
/** What the client got wrong; `retryAfterMs`, where the cloud asks for patience. */
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

/** True if `a` is newer than `b` in the order that every client keeps. */
export function isNewer(a: { v: string; r: number }, b: { v: string; r: number }): boolean {
  return a.v > b.v || (a.v === b.v && a.r > b.r)
}
