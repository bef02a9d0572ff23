import type { EpochReadyEvent } from '../../../contracts/events.ts'
import type { DeltaFrame, Entity, EntityTopic, ResetFrame } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { epochOf } from '../../../contracts/version.ts'
import { splitByFrame } from '../../domain/framing.ts'
import type { PresenceRow } from '../../stores/presence.ts'
import type { EntityStore, PresenceStores } from './presence-stores.ts'

/** What was ended is told again for so long by a list that is: SQS has brought every message again by then. */
const retellMs = 300_000
/** Rounds of reading and ending; facts of older epochs, still in flight, move a row between the two at most a few times. */
const roundsMax = 10

/**
 * The bridge has asserted all that is: calls and endpoints told before that, which it does not list, are gone. The facts
 * of the epoch may still be on their way in another message, so what is listed is left alone. What epochs ended and is not
 * forgotten yet is told again: whoever ended it may have been killed before telling, and its message be folded into this.
 */
export async function settleEpoch(
  site: SiteId,
  ready: EpochReadyEvent,
  { presence, epochs }: PresenceStores,
  now: number,
): Promise<(DeltaFrame | ResetFrame)[]> {
  const epoch = epochOf(ready.v)
  const { again = false } = ready.data
  // Raised first: a fact that is written after the reading below finds the new epoch when it looks again.
  await epochs.raiseEpoch(site, epoch)
  const listed = { calls: new Set(ready.data.liveCalls), endpoints: new Set(ready.data.endpoints) }
  const settle = (topic: EntityTopic) => settleTopic(site, topic, ready, listed[topic], presence, now)
  const [calls, endpoints] = await Promise.all([settle('calls'), settle('endpoints')])
  const frame = (topic: EntityTopic) => ({ type: 'delta' as const, topic, epoch, ks: [], w: now })
  const removals = endpoints.map(({ id, v, r }) => ({ id, v, r }))
  return [
    ...splitByFrame(calls).map((entities) => ({ ...frame('calls'), entities })),
    ...splitByFrame(removals).map((removed) => ({ ...frame('endpoints'), entities: [], removed })),
    ...(again ? [] : [{ type: 'reset' as const, epoch, reason: 'the bridge has told everything anew' }]),
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
  const isToBeTold = ({ settledBy, w }: PresenceRow) =>
    settledBy !== undefined && settledBy <= epoch && (!ready.data.again || w > now - retellMs)
  for (let round = 1; ; round += 1) {
    const rows = await presence.rows(site, topic)
    const gone = rows.filter(isOver)
    if (gone.length === 0 || round > roundsMax) {
      return rows.flatMap((row) => (row.entity && row.ended && isToBeTold(row) ? [row.entity] : []))
    }
    await Promise.all(gone.map(({ entity }) => entity && presence.end(site, entity, epoch, now)))
  }
}
