import type { CallEntity, DeltaFrame, EndpointEntity, Entity, Removal, Topic } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { epochOf } from '../../../contracts/version.ts'
import { splitByFrame } from '../../domain/framing.ts'
import type { Folded, SiteFold } from '../../domain/presence-fold.ts'
import type { Write } from '../../stores/presence.ts'

export interface Presence {
  put(site: SiteId, write: Write, now: number): Promise<boolean>
  endCall(site: SiteId, seen: CallEntity, now: number): Promise<CallEntity | undefined>
  removeEndpoint(site: SiteId, seen: EndpointEntity): Promise<boolean>
  endpoints(site: SiteId): Promise<EndpointEntity[]>
  calls(site: SiteId): Promise<CallEntity[]>
}
export interface Epochs {
  epoch(site: SiteId): Promise<number>
  raiseEpoch(site: SiteId, epoch: number): Promise<boolean>
}

/** A fact older than this may still change a live row, but not tell that its call is alive. */
const lateMs = 120_000

/**
 * Writes what is newer and answers the frames that tell of it, by topic. Written first, pushed second: a crash between
 * the two is delivered again, and an equal version is pushed again.
 */
export async function updatePresence(
  fold: SiteFold,
  { presence, epochs }: { presence: Presence; epochs: Epochs },
  now: number,
): Promise<DeltaFrame[]> {
  const current = fold.entities.some(({ topic }) => topic === 'calls') ? await epochs.epoch(fold.site) : 0
  const won = await Promise.all(
    fold.entities.map(async (folded) => {
      const entity = toEntity(folded)
      const ended = folded.event.type === 'switchhook.call.v1' && folded.event.data.state === 'ended'
      const tooOld = epochOf(entity.v) < current || now - Date.parse(folded.event.time) > lateMs
      const mayCreate = folded.topic === 'endpoints' || !tooOld
      const newest = await presence.put(fold.site, { topic: folded.topic, entity, ended, mayCreate }, now)
      return newest ? { ...folded, entity } : undefined
    }),
  )
  const frames = deltaFrames(
    won.filter((one) => one !== undefined),
    now,
  )
  return fold.ready ? [...frames, ...(await settleEpoch(fold, fold.ready, { presence, epochs }, now))] : frames
}

function toEntity({ id, event }: Folded): Entity {
  if (event.type === 'switchhook.call.v1') return { id, v: event.v, r: 0, state: event.data }
  return { id, v: event.v, r: 0, state: event.data }
}

/** Frames of one topic and epoch each, since a `k` counts within its epoch, cut to what a frame may hold. */
function deltaFrames(won: (Folded & { entity: Entity })[], now: number): DeltaFrame[] {
  const groups = Map.groupBy(won, ({ topic, event }) => `${topic} ${epochOf(event.v)}`)
  const runs = [...groups.values()].flatMap((group) =>
    splitByFrame(group.map(({ topic, entity, ks }) => ({ topic, entity, ks }))),
  )
  return runs.flatMap((run) => {
    const [first] = run
    if (!first) return []
    const ks = run.flatMap((one) => one.ks).sort((a, b) => a - b)
    const entities = run.map(({ entity }) => entity)
    return [{ type: 'delta' as const, topic: first.topic, epoch: epochOf(first.entity.v), ks, w: now, entities }]
  })
}

/**
 * The bridge has asserted all that is: calls and endpoints of older epochs that it does not list are gone. The facts of
 * the epoch may still be on their way in another message, so what is listed is left alone.
 */
async function settleEpoch(
  { site }: SiteFold,
  ready: NonNullable<SiteFold['ready']>,
  { presence, epochs }: { presence: Presence; epochs: Epochs },
  now: number,
): Promise<DeltaFrame[]> {
  const epoch = epochOf(ready.v)
  await epochs.raiseEpoch(site, epoch)
  const liveCalls = new Set(ready.data.liveCalls)
  const listed = new Set(ready.data.endpoints)
  const goneCalls = (await presence.calls(site)).filter((call) => epochOf(call.v) < epoch && !liveCalls.has(call.id))
  const goneEndpoints = (await presence.endpoints(site)).filter(({ id, v }) => epochOf(v) < epoch && !listed.has(id))
  const ended = await Promise.all(goneCalls.map((call) => presence.endCall(site, call, now)))
  const removed = await Promise.all(
    goneEndpoints.map(async (seen) => ((await presence.removeEndpoint(site, seen)) ? seen : undefined)),
  )
  const calls = ended.filter((call) => call !== undefined)
  const removals: Removal[] = removed.filter((one) => one !== undefined).map(({ id, v, r }) => ({ id, v, r: r + 1 }))
  const frame = (topic: Topic) => ({ type: 'delta' as const, topic, epoch, ks: [], w: now })
  return [
    ...splitByFrame(calls).map((entities) => ({ ...frame('calls'), entities })),
    ...splitByFrame(removals).map((removed) => ({ ...frame('endpoints'), entities: [], removed })),
  ]
}
