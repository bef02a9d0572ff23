import * as v from 'valibot'
import { CallState, EndpointState, Gap } from './facts.ts'
import { topicsMax } from './limits.ts'
import { Version } from './version.ts'

/** What travels on the WebSocket, one JSON object a frame. Version 1 of the protocol; unknown fields are ignored. */
export const protocolVersion = 1

export const Topic = v.picklist(['endpoints', 'calls'])
export type Topic = v.InferOutput<typeof Topic>

export const SubscribeFrame = v.looseObject({
  action: v.literal('subscribe'),
  topics: v.pipe(v.array(Topic), v.minLength(1), v.maxLength(topicsMax)),
})
export const PingFrame = v.looseObject({ action: v.literal('ping') })
export const ClientFrame = v.variant('action', [SubscribeFrame, PingFrame])
export type ClientFrame = v.InferOutput<typeof ClientFrame>

/** `(v, r)` orders the versions of an entity: `v` is the bridge's, `r` counts what the cloud itself changed on top. */
const versioned = { v: Version, r: v.pipe(v.number(), v.integer(), v.minValue(0)) }
export const EndpointEntity = v.looseObject({ ...versioned, id: v.string(), state: EndpointState })
export const CallEntity = v.looseObject({ ...versioned, id: v.string(), state: CallState })
export type EndpointEntity = v.InferOutput<typeof EndpointEntity>
export type CallEntity = v.InferOutput<typeof CallEntity>
export const Entity = v.union([EndpointEntity, CallEntity])
export type Entity = EndpointEntity | CallEntity

/** An entity that is no more: an endpoint taken out of the configuration. Ended calls arrive as entities, `ended`. */
export const Removal = v.looseObject({ ...versioned, id: v.string() })
export type Removal = v.InferOutput<typeof Removal>

const content = v.array(Entity)
/** Newest write stamp held by the frame, in Unix milliseconds. */
const stamp = v.pipe(v.number(), v.integer())

/** All that is, in `parts` frames counted from 1. Entities that the client knows in a newer version are passed over. */
export const SnapshotFrame = v.looseObject({
  type: v.literal('snapshot'),
  protocol: v.literal(protocolVersion),
  topic: Topic,
  part: v.number(),
  parts: v.number(),
  /** When the bridge was last heard, if ever. */
  lastHeard: v.optional(v.string()),
  w: stamp,
  entities: content,
})
/** What changed. `ks` are the bridge's counts that the frame covers; a fold of several changes covers all of theirs. */
export const DeltaFrame = v.looseObject({
  type: v.literal('delta'),
  topic: Topic,
  epoch: v.number(),
  ks: v.array(v.number()),
  w: stamp,
  entities: content,
  removed: v.optional(v.array(Removal)),
})
export const GapFrame = v.looseObject({ type: v.literal('gap'), ...Gap.entries })
export const PongFrame = v.looseObject({ type: v.literal('pong'), lastHeard: v.optional(v.string()) })
export const ErrorFrame = v.looseObject({ type: v.literal('error'), errorId: v.string(), detail: v.string() })

export const ServerFrame = v.variant('type', [SnapshotFrame, DeltaFrame, GapFrame, PongFrame, ErrorFrame])
export type SnapshotFrame = v.InferOutput<typeof SnapshotFrame>
export type DeltaFrame = v.InferOutput<typeof DeltaFrame>
export type GapFrame = v.InferOutput<typeof GapFrame>
export type ServerFrame = v.InferOutput<typeof ServerFrame>

/** True if `a` is newer than `b` in the order that every client keeps. */
export function isNewer(a: { v: string; r: number }, b: { v: string; r: number }): boolean {
  return a.v > b.v || (a.v === b.v && a.r > b.r)
}
