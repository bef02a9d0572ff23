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
export function foldPresence(site: SiteId, events: Iterable<BridgeEvent>): SiteFold {
  const entities = new Map<string, Folded>()
  const fold: SiteFold = { site, entities: [], ready: undefined, heartbeat: undefined, gaps: [] }
  for (const event of events) {
    if (event.type === 'switchhook.endpoint.v1') foldEntity(entities, 'endpoints', event.data.endpoint, event)
    else if (event.type === 'switchhook.call.v1') foldEntity(entities, 'calls', event.data.call, event)
    else if (event.type === 'switchhook.epoch-ready.v1') fold.ready = newest(fold.ready, event)
    else if (event.type === 'switchhook.heartbeat.v1') fold.heartbeat = newest(fold.heartbeat, event)
    else if (event.type === 'switchhook.gap.v1') fold.gaps.push(event)
  }
  fold.entities = [...entities.values()]
  return fold
}

function foldEntity(entities: Map<string, Folded>, topic: EntityTopic, id: string, event: PresenceEvent): void {
  const key = `${topic} ${id}`
  const known = entities.get(key)
  const winner = known && known.event.v >= event.v ? known.event : event
  const sameEpoch = known && epochOf(known.event.v) === epochOf(event.v)
  // A `k` counts within its epoch, so a fold over a new epoch starts the list anew.
  const ks = sameEpoch ? [...known.ks, event.k] : known && winner === known.event ? known.ks : [event.k]
  entities.set(key, { topic, id, event: winner, ks })
}
