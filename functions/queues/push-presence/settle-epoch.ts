import type { EpochReadyEvent } from '../../../contracts/events.ts'
import type { DeltaFrame, Entity, EntityTopic, ResetFrame } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { epochOf } from '../../../contracts/version.ts'
import { splitByFrame } from '../../domain/framing.ts'
import type { PresenceRow } from '../../stores/presence.ts'
import type { EntityStore, PresenceStores } from './presence-stores.ts'

/** A repeated `epoch-ready` pushes the entities ended in this time again: SQS has redelivered every message by then. */
const repushMs = 300_000
/** Rounds of reading and ending. Facts of older epochs that are still in flight may change a row in between, a few times at most. */
const roundsMax = 10

/**
 * Ends the calls, endpoints and queues of older epochs that the bridge's `epoch-ready` event does not list, and returns the frames
 * to push. Listed entities are not changed, since their facts of the new epoch may still arrive in another message.
 * Tombstones of earlier epochs are pushed again, since the invocation that ended them may have died before its push.
 */
export async function settleEpoch(
  site: SiteId,
  ready: EpochReadyEvent,
  { presence, epochs }: PresenceStores,
  now: number,
): Promise<(DeltaFrame | ResetFrame)[]> {
  const epoch = epochOf(ready.v)
  const { again = false } = ready.data
  // The epoch is raised before the rows are read: a fact written after that read finds the new epoch and ends its entity.
  await epochs.raiseEpoch(site, epoch)
  const listed = { calls: ready.data.liveCalls, endpoints: ready.data.endpoints, queues: ready.data.queues }
  const settle = async (topic: EntityTopic) => {
    const ids = listed[topic]
    return ids ? settleTopic(site, topic, ready, new Set(ids), presence, now) : []
  }
  const [calls, endpoints, queues] = await Promise.all([settle('calls'), settle('endpoints'), settle('queues')])
  const frame = (topic: EntityTopic) => ({ type: 'delta' as const, topic, epoch, ks: [], w: now })
  const removals = (topic: EntityTopic, entities: readonly Entity[]) =>
    splitByFrame(entities.map(({ id, v, r }) => ({ id, v, r }))).map((removed) => {
      return { ...frame(topic), entities: [], removed }
    })
  return [
    ...splitByFrame(calls).map((entities) => ({ ...frame('calls'), entities })),
    ...removals('endpoints', endpoints),
    ...removals('queues', queues),
    ...(again ? [] : [{ type: 'reset' as const, epoch, reason: 'the bridge has sent its whole state again' }]),
  ]
}

async function settleTopic(
  site: SiteId,
  topic: EntityTopic,
  ready: EpochReadyEvent,
  listed: ReadonlySet<string>,
  presence: EntityStore,
  now: number,
): Promise<Entity[]> {
  const epoch = epochOf(ready.v)
  const isOver = (row: PresenceRow) => !row.ended && row.v < ready.v && !listed.has(row.id)
  const isToPush = ({ settledBy, w }: PresenceRow) =>
    settledBy !== undefined && settledBy <= epoch && (!ready.data.again || w > now - repushMs)
  for (let round = 1; ; round += 1) {
    const rows = await presence.rows(site, topic)
    const gone = rows.filter(isOver)
    if (gone.length === 0 || round > roundsMax) {
      return rows.flatMap((row) => (row.entity && row.ended && isToPush(row) ? [row.entity] : []))
    }
    await Promise.all(gone.map(({ entity }) => entity && presence.end(site, entity, epoch, now)))
  }
}
