import type {
  CallEvent,
  EndpointEvent,
  EpochReadyEvent,
  GapEvent,
  HeartbeatEvent,
  QueueEvent,
} from '../../contracts/events.ts'
import type { PbxStatus } from '../../contracts/facts.ts'
import type { EntityTopic } from '../../contracts/frames.ts'
import type { SiteId } from '../../contracts/names.ts'
import { epochOf } from '../../contracts/version.ts'
import type { ReceivedMessage } from './time-line.ts'

export type PresenceEvent = EndpointEvent | CallEvent | QueueEvent

/** The newest fact of an entity in a batch, and every `k` that it covers. */
export interface Folded {
  topic: EntityTopic
  id: string
  event: PresenceEvent
  ks: number[]
  /** When SQS accepted the fact's message, Unix milliseconds: the bridge's own clock may be wrong. */
  sentAt: number
}

/** The facts of a batch about one site, without older facts of the same entity. */
export interface SiteFold {
  site: SiteId
  entities: Folded[]
  ready: EpochReadyEvent | undefined
  heartbeat: HeartbeatEvent | undefined
  gaps: GapEvent[]
}

function newest<E extends { v: string }>(a: E | undefined, b: E): E {
  return a && a.v >= b.v ? a : b
}

/**
 * Reduces messages to the newest fact of each entity, since a fact has the whole state of its entity. Ignores events of the
 * call log, which have a queue of their own.
 */
export function foldPresence(site: SiteId, messages: Iterable<Pick<ReceivedMessage, 'sentAt' | 'events'>>): SiteFold {
  const entities = new Map<string, Folded>()
  const fold: SiteFold = { site, entities: [], ready: undefined, heartbeat: undefined, gaps: [] }
  for (const { sentAt, events } of messages) {
    for (const event of events) {
      if (event.type === 'switchhook.endpoint.v1')
        foldEntity(entities, { topic: 'endpoints', id: event.data.endpoint, event, ks: [event.k], sentAt })
      else if (event.type === 'switchhook.call.v1')
        foldEntity(entities, { topic: 'calls', id: event.data.call, event, ks: [event.k], sentAt })
      else if (event.type === 'switchhook.queue.v1')
        foldEntity(entities, { topic: 'queues', id: event.subject, event, ks: [event.k], sentAt })
      else if (event.type === 'switchhook.epoch-ready.v1') fold.ready = newest(fold.ready, event)
      else if (event.type === 'switchhook.heartbeat.v1') fold.heartbeat = newest(fold.heartbeat, event)
      else if (event.type === 'switchhook.gap.v1') fold.gaps.push(event)
    }
  }
  fold.entities = [...entities.values()]
  return fold
}

/** Whether the bridge reaches its PBX, by the newest line of a batch that says so. */
export type PbxReport = PbxStatus & { v: string }

export function pbxReport({ ready, heartbeat }: Pick<SiteFold, 'ready' | 'heartbeat'>): PbxReport | undefined {
  const ofReady = ready?.data.pbx && { ...ready.data.pbx, v: ready.v }
  const { pbx, pbxSince } = heartbeat?.data ?? {}
  const isKnown = heartbeat && pbxSince !== undefined && (pbx === 'up' || pbx === 'down')
  const ofHeartbeat = isKnown ? { state: pbx, since: pbxSince, v: heartbeat.v } : undefined
  return ofReady && (!ofHeartbeat || ofReady.v > ofHeartbeat.v) ? ofReady : ofHeartbeat
}

function foldEntity(entities: Map<string, Folded>, fact: Folded): void {
  const key = `${fact.topic} ${fact.id}`
  const known = entities.get(key)
  const winner = known && known.event.v >= fact.event.v ? known : fact
  const sameEpoch = known && epochOf(known.event.v) === epochOf(fact.event.v)
  // `k` counts within an epoch, so a fact of a new epoch starts a new list.
  entities.set(key, { ...winner, ks: sameEpoch ? [...known.ks, ...fact.ks] : winner.ks })
}
