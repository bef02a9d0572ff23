import {
  type CallEntity,
  type EndpointEntity,
  protocolVersion,
  type SnapshotFrame,
  type Topic,
} from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { splitByFrame } from '../../domain/framing.ts'
import type { ConnectionRow } from '../../stores/connections.ts'

export interface Subscriptions {
  subscribe(connectionId: string, connection: ConnectionRow, topic: Topic, now: number): Promise<void>
}
export interface PresenceReader {
  endpoints(site: SiteId): Promise<EndpointEntity[]>
  calls(site: SiteId): Promise<CallEntity[]>
}

export interface Answering {
  connections: Subscriptions
  presence: PresenceReader
  lastHeard: (site: SiteId) => Promise<string | undefined>
  /** Unix milliseconds. */
  now: number
}

/**
 * Subscribes, then reads consistently, in this order: a change that the read misses is pushed, as the subscription is
 * there already; one that both tell of has a version, and the client keeps the newer.
 */
export async function subscribe(
  connectionId: string,
  connection: ConnectionRow,
  topic: Topic,
  { connections, presence, lastHeard, now }: Answering,
): Promise<SnapshotFrame[]> {
  await connections.subscribe(connectionId, connection, topic, now)
  const [entities, heard] = await Promise.all([
    topic === 'endpoints' ? presence.endpoints(connection.site) : presence.calls(connection.site),
    lastHeard(connection.site),
  ])
  const runs = entities.length > 0 ? splitByFrame<EndpointEntity | CallEntity>(entities) : [[]]
  return runs.map((run, i) => ({
    type: 'snapshot',
    protocol: protocolVersion,
    topic,
    part: i + 1,
    parts: runs.length,
    ...(heard && { lastHeard: heard }),
    w: now,
    entities: run,
  }))
}
