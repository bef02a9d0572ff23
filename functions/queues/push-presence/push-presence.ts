import type { DeltaFrame, Entity, ResetFrame } from '../../../contracts/frames.ts'
import { freshMsMax } from '../../../contracts/limits.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { epochOf } from '../../../contracts/version.ts'
import { splitByFrame } from '../../domain/framing.ts'
import type { Folded, SiteFold } from '../../domain/presence-fold.ts'
import type { EntityStore, PresenceStores } from './presence-stores.ts'
import { settleEpoch } from './settle-epoch.ts'

/**
 * A fact over two minutes old may still change a live row, but not tell that its call is alive. How old, its own time does
 * not say, since the PBX's clock may be minutes wrong: its bridge sent it at most 30 s after it happened, and SQS's clock
 * says when that was.
 */
const heldMsMax = 120_000 - freshMsMax

/** A fact after its write: `isNews` if it is the newest known of its entity. */
interface Written extends Folded {
  entity: Entity
  isNews: boolean
}

/**
 * Writes what is newer and answers the frames that tell of it, by topic. Written first, pushed second: a crash between
 * the two is delivered again, and an equal version is pushed again. `onWritten` is called when nothing more is expected to
 * be written, and again if something was: whose subscription stands by then has to be told, whoever comes later reads it.
 */
export async function updatePresence(
  fold: SiteFold,
  stores: PresenceStores,
  now: number,
  onWritten: () => void = () => undefined,
): Promise<(DeltaFrame | ResetFrame)[]> {
  const { site, ready } = fold
  // What is known may be behind: then the look after the writes finds another, and what they made of old facts is ended.
  const before = stores.epochs.knownEpoch(site) || (await stores.epochs.epoch(site))
  const written = await Promise.all(
    fold.entities.map((folded) => write(site, folded, { before, now }, stores.presence)),
  )
  if (!ready) onWritten()
  const overtaken = written.length > 0 ? await endOvertaken(site, written, before, stores, now) : []
  const stands = ({ topic, id }: Written) => !overtaken.some((one) => one.topic === topic && one.id === id)
  const frames = [...deltaFrames(written.filter(stands), now), ...deltaFrames(overtaken, now)]
  const settled = ready ? await settleEpoch(site, ready, stores, now) : []
  if (ready || overtaken.length > 0) onWritten()
  return [...frames, ...settled]
}

async function write(
  site: SiteId,
  folded: Folded,
  { before, now }: { before: number; now: number },
  presence: EntityStore,
): Promise<Written> {
  const { event, topic } = folded
  const entity = toEntity(folded)
  const ended = event.type === 'switchhook.call.v1' && event.data.state === 'ended'
  const isLate = topic === 'calls' && now - folded.sentAt > heldMsMax
  const mayCreate = epochOf(entity.v) >= before && !isLate
  return { ...folded, entity, isNews: await presence.put(site, { topic, entity, ended, mayCreate }, now) }
}

/**
 * Facts of an epoch that ended while they were written: whoever settled the new epoch may have read before the write and
 * so missed them. What they made is ended here; if it is real, the new epoch's own fact of it is newer and stands.
 */
async function endOvertaken(
  site: SiteId,
  written: readonly Written[],
  before: number,
  { presence, epochs }: PresenceStores,
  now: number,
): Promise<Written[]> {
  const epoch = await epochs.epoch(site)
  if (epoch === before) return []
  const old = written.filter(({ entity, isNews }) => isNews && epochOf(entity.v) < epoch)
  const ended = await Promise.all(
    old.map(async (one) => ({ ...one, ks: [], entity: await presence.end(site, one.entity, epoch, now) })),
  )
  return ended.flatMap(({ entity, ...one }) => (entity ? [{ ...one, entity, isNews: true }] : []))
}

function toEntity({ id, event }: Folded): Entity {
  if (event.type === 'switchhook.call.v1') return { id, v: event.v, r: 0, state: event.data }
  return { id, v: event.v, r: 0, state: event.data }
}

/**
 * Frames of one topic and epoch each, since a `k` counts within its epoch, cut to what a frame may hold. A fact that lost
 * to a newer one is covered by it: its `k` goes along with whatever is told anyway.
 */
function deltaFrames(written: readonly Written[], now: number): DeltaFrame[] {
  const groups = Map.groupBy(written, ({ topic, event }) => `${topic} ${epochOf(event.v)}`)
  return [...groups.values()].flatMap((group) => {
    const runs = splitByFrame(group.filter(({ isNews }) => isNews).map(({ entity, ks }) => ({ entity, ks })))
    const lostKs = group.flatMap(({ ks, isNews }) => (isNews ? [] : ks))
    return runs.flatMap((run, n): DeltaFrame[] => {
      const [first] = group
      if (!first) return []
      const ks = [...run.flatMap((one) => one.ks), ...(n === 0 ? lostKs : [])].sort((a, b) => a - b)
      const epoch = epochOf(first.event.v)
      const all = run.map(({ entity }) => entity)
      const isRemoved = (entity: Entity) => first.topic === 'endpoints' && entity.r > 0
      const removed = all.filter(isRemoved).map(({ id, v, r }) => ({ id, v, r }))
      const entities = all.filter((entity) => !isRemoved(entity))
      return [
        { type: 'delta', topic: first.topic, epoch, ks, w: now, entities, ...(removed.length > 0 && { removed }) },
      ]
    })
  })
}
