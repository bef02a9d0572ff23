import * as v from 'valibot'
import { Cdr } from './cdr.ts'
import { CdrDigest } from './cdr-digest.ts'
import { Attack, CallState, EndpointState, EpochReady, Gap, Heartbeat } from './facts.ts'
import { ErasureId, type SiteId, Timestamp } from './names.ts'
import { QueuePart } from './queues.ts'
import { BoundedText } from './text.ts'
import { formatVersion, Version } from './version.ts'

/**
 * Events that the bridge sends to the cloud, each in a CloudEvents 1.0 envelope (https://github.com/cloudevents/spec, v1.0.2).
 * `id` is deterministic, so that the cloud can deduplicate: `site/version` for a fact, the natural key for a CDR. Facts of presence
 * have the extension attributes `v` (order) and `k` (gapless count of the kind in its epoch).
 */
const attributes = {
  specversion: v.literal('1.0'),
  id: v.pipe(v.string(), v.minLength(1), v.maxLength(300)),
  source: v.pipe(v.string(), v.maxLength(100)),
  subject: BoundedText,
  time: Timestamp,
}
const ordered = { v: Version }
const counted = { v: Version, k: v.pipe(v.number(), v.integer(), v.minValue(1)) }

const CdrData = v.looseObject({
  cdr: Cdr,
  /** The line as Asterisk wrote it; only if the parsed row does not serialise back to it. */
  raw: v.optional(v.string()),
  /** Why the record is not whole, such as a line that Asterisk cut. */
  doubt: v.optional(v.pipe(v.string(), v.maxLength(200))),
})

export const EndpointEvent = v.looseObject({
  ...attributes,
  ...counted,
  type: v.literal('switchhook.endpoint.v1'),
  data: EndpointState,
})
export const CallEvent = v.looseObject({
  ...attributes,
  ...counted,
  type: v.literal('switchhook.call.v1'),
  data: CallState,
})
/** `subject` is the id of the queue, member or caller. */
export const QueueEvent = v.looseObject({
  ...attributes,
  ...counted,
  type: v.literal('switchhook.queue.v1'),
  data: QueuePart,
})
export const EpochReadyEvent = v.looseObject({
  ...attributes,
  ...ordered,
  type: v.literal('switchhook.epoch-ready.v1'),
  data: EpochReady,
})
export const HeartbeatEvent = v.looseObject({
  ...attributes,
  ...ordered,
  type: v.literal('switchhook.heartbeat.v1'),
  data: Heartbeat,
})
export const GapEvent = v.looseObject({ ...attributes, ...ordered, type: v.literal('switchhook.gap.v1'), data: Gap })
/** `subject` is the address. */
export const AttackEvent = v.looseObject({
  ...attributes,
  ...ordered,
  type: v.literal('switchhook.attack.v1'),
  data: Attack,
})
export const CdrEvent = v.looseObject({ ...attributes, type: v.literal('switchhook.cdr.v1'), data: CdrData })

/** Digest of a day's CDRs in the PBX's own file, in parts, as a command requested it. */
export const CdrDigestEvent = v.looseObject({
  ...attributes,
  type: v.literal('switchhook.cdr-digest.v1'),
  data: CdrDigest,
})

/** The bridge has erased a number from its folder, as a command requested it, and sent every fact that it had before. */
export const ErasedEvent = v.looseObject({
  ...attributes,
  type: v.literal('switchhook.erased.v1'),
  data: v.looseObject({
    erasure: ErasureId,
    /** Items that were removed, by kind. */
    removed: v.record(v.pipe(v.string(), v.maxLength(50)), v.pipe(v.number(), v.integer(), v.minValue(0))),
  }),
})

export const BridgeEvent = v.variant('type', [
  EndpointEvent,
  CallEvent,
  QueueEvent,
  EpochReadyEvent,
  HeartbeatEvent,
  GapEvent,
  AttackEvent,
  CdrEvent,
  CdrDigestEvent,
  ErasedEvent,
])
export type EndpointEvent = v.InferOutput<typeof EndpointEvent>
export type CallEvent = v.InferOutput<typeof CallEvent>
export type QueueEvent = v.InferOutput<typeof QueueEvent>
export type EpochReadyEvent = v.InferOutput<typeof EpochReadyEvent>
export type HeartbeatEvent = v.InferOutput<typeof HeartbeatEvent>
export type GapEvent = v.InferOutput<typeof GapEvent>
export type AttackEvent = v.InferOutput<typeof AttackEvent>
export type CdrEvent = v.InferOutput<typeof CdrEvent>
export type CdrDigestEvent = v.InferOutput<typeof CdrDigestEvent>
export type ErasedEvent = v.InferOutput<typeof ErasedEvent>
export type BridgeEvent = v.InferOutput<typeof BridgeEvent>

export const knownTypes: ReadonlySet<string> = new Set(BridgeEvent.options.map((option) => option.entries.type.literal))

export function bridgeSource(site: SiteId): string {
  return `/sites/${site}/bridge`
}

/** Position of a fact in the order of its site, and the event id that follows from it. */
export function factIdentity(site: SiteId, epoch: number, seq: number): { id: string; v: Version } {
  const version = formatVersion(epoch, seq)
  return { id: `${site}/${version}`, v: version }
}

/** Returns the event id of a CDR, its natural key: Asterisk's `uniqueid` (which `systemname` prefixes) and `sequence`, within the site. */
export function cdrId(site: SiteId, cdr: Pick<Cdr, 'uniqueid' | 'sequence'>): string {
  return `${site}/cdr/${cdr.uniqueid}/${cdr.sequence}`
}
