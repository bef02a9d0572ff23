import type {
  BridgeEvent,
  CallEvent,
  EndpointEvent,
  EpochReadyEvent,
  GapEvent,
  HeartbeatEvent,
} from '../../contracts/events.ts'
import type { EntityTopic } from '../../contracts/frames.ts'
import type { SiteId } from '../../contracts/names.ts'
import { epochOf } from '../../contracts/version.ts'

export type PresenceEvent = EndpointEvent | CallEvent

/** One entity's newest fact of a batch, and every `k` that it stands for. */
export interface Folded {
  topic: EntityTopic
  id: string
  event: PresenceEvent
  ks: number[]
  /** When SQS took the message that the fact came in, Unix milliseconds: the bridge's own clock may be wrong. */
  sentAt: number
}

/** What one message said. */
export interface Said {
  sentAt: number
  events: Iterable<BridgeEvent>
}

/** What a batch says about one site once older facts of the same entity are folded away. */
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
 * Facts carry whole state, so of each entity only the one with the highest version counts. Events of the call log are
 * passed over: they have a queue of their own.
 */
export function foldPresence(site: SiteId, messages: Iterable<Said>): SiteFold {
  const entities = new Map<string, Folded>()
  const fold: SiteFold = { site, entities: [], ready: undefined, heartbeat: undefined, gaps: [] }
  for (const { sentAt, events } of messages) {
    for (const event of events) {
      if (event.type === 'switchhook.endpoint.v1')
        foldEntity(entities, { topic: 'endpoints', id: event.data.endpoint, event, ks: [event.k], sentAt })
      else if (event.type === 'switchhook.call.v1')
        foldEntity(entities, { topic: 'calls', id: event.data.call, event, ks: [event.k], sentAt })
      else if (event.type === 'switchhook.epoch-ready.v1') fold.ready = newest(fold.ready, event)
      else if (event.type === 'switchhook.heartbeat.v1') fold.heartbeat = newest(fold.heartbeat, event)
      else if (event.type === 'switchhook.gap.v1') fold.gaps.push(event)
    }
  }
  fold.entities = [...entities.values()]
  return fold
}

function foldEntity(entities: Map<string, Folded>, told: Folded): void {
  const key = `${told.topic} ${told.id}`
  const known = entities.get(key)
  const winner = known && known.event.v >= told.event.v ? known : told
  const sameEpoch = known && epochOf(known.event.v) === epochOf(told.event.v)
  // A `k` counts within its epoch, so a fold over a new epoch starts the list anew.
  entities.set(key, { ...winner, ks: sameEpoch ? [...known.ks, ...told.ks] : winner.ks })
}
