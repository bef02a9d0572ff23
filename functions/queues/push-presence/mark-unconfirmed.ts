import type { HeartbeatEvent } from '../../../contracts/events.ts'
import type { DeltaFrame, Entity, EntityTopic } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { unconfirmedCall, unconfirmedEndpoint, unconfirmedQueuePart } from '../../../contracts/unconfirmed.ts'
import { epochOf } from '../../../contracts/version.ts'
import { isCall, isEndpoint } from '../../domain/entity-kind.ts'
import { splitByFrame } from '../../domain/framing.ts'
import type { PresenceStores } from './presence-stores.ts'

const topics: readonly EntityTopic[] = ['endpoints', 'calls', 'queues']

/**
 * Marks everything that is known of a site as not confirmed, if the bridge has begun an epoch by reporting its PBX as down, and returns
 * the frames to push. Such a bridge started while the PBX was down, as after a power cut, and knows neither phones nor calls.
 * The epoch is raised after the writes: if they fail, SQS delivers the heartbeat again, and ten seconds later there is another one.
 */
export async function markUnconfirmed(
  site: SiteId,
  { v, data: { pbx, pbxSince } }: HeartbeatEvent,
  { presence, epochs }: PresenceStores,
  now: number,
): Promise<DeltaFrame[]> {
  const epoch = epochOf(v)
  if (pbx !== 'down' || pbxSince === undefined || epochs.knownEpoch(site) >= epoch) return []
  if ((await epochs.epoch(site)) >= epoch) return []
  const frames = await Promise.all(
    topics.map(async (topic) => {
      const rows = await presence.rows(site, topic)
      const live = rows.flatMap(({ entity, ended }) => (entity && !ended ? [entity] : []))
      const marked = await Promise.all(
        live.map(async (seen) => {
          const entity = { ...unconfirmedEntity(seen, pbxSince), v, r: 0 }
          const isNews = await presence.put(site, { topic, entity, ended: false, mayCreate: false }, now)
          return isNews ? [entity] : []
        }),
      )
      return splitByFrame(marked.flat()).map((entities): DeltaFrame => {
        return { type: 'delta', topic, epoch, ks: [], w: now, entities }
      })
    }),
  )
  await epochs.raiseEpoch(site, epoch)
  return frames.flat()
}

function unconfirmedEntity(entity: Entity, since: string): Entity {
  if (isEndpoint(entity)) return { ...entity, state: unconfirmedEndpoint(entity.state, since) }
  if (isCall(entity)) return { ...entity, state: unconfirmedCall(entity.state) }
  return { ...entity, state: unconfirmedQueuePart(entity.state, since) }
}
