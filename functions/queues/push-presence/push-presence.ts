import type { DeltaFrame, Entity, ResetFrame } from '../../../contracts/frames.ts'
import { freshMsMax } from '../../../contracts/limits.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { epochOf } from '../../../contracts/version.ts'
import { splitByFrame } from '../../domain/framing.ts'
import type { Folded, PresenceEvent, SiteFold } from '../../domain/presence-fold.ts'
import { markUnconfirmed } from './mark-unconfirmed.ts'
import type { EntityStore, PresenceStores } from './presence-stores.ts'
import { settleEpoch } from './settle-epoch.ts'

/**
 * A fact that is over two minutes old may change a live row, but does not prove that its call or waiting caller is still there. Its age is
 * measured by SQS's clock, since the PBX's clock may be minutes wrong: the bridge sends a fact at most 30 s after it happened.
 */
const heldMsMax = 120_000 - freshMsMax

/** A fact after its write; `isNews` is true if it is the newest of its entity. */
interface Written extends Folded {
  entity: Entity
  isNews: boolean
}

/**
 * Writes the facts that are newer than the stored ones and returns the frames to push, by topic. A crash between write and
 * push leads to a redelivery, and an equal version is pushed again. `onWritten` is called when the writes are done, and
 * again if more was written after all: a connection that has subscribed by then needs the push, a later one reads the rows.
 */
export async function updatePresence(
  fold: SiteFold,
  stores: PresenceStores,
  now: number,
  onWritten: () => void = () => undefined,
): Promise<(DeltaFrame | ResetFrame)[]> {
  const { site, ready, heartbeat } = fold
  // The known epoch may be behind. Then the read after the writes finds a newer one, and entities of old facts are ended.
  const before = stores.epochs.knownEpoch(site) || (await stores.epochs.epoch(site))
  const written = await Promise.all(
    fold.entities.map((folded) => write(site, folded, { before, now }, stores.presence)),
  )
  if (!ready) onWritten()
  const overtaken = written.length > 0 ? await endOvertaken(site, written, before, stores, now) : []
  const isKept = ({ topic, id }: Written) => !overtaken.some((one) => one.topic === topic && one.id === id)
  const frames = [...deltaFrames(written.filter(isKept), now), ...deltaFrames(overtaken, now)]
  const settled = ready ? await settleEpoch(site, ready, stores, now) : []
  const marked = heartbeat && !ready ? await markUnconfirmed(site, heartbeat, stores, now) : []
  if (ready || overtaken.length > 0 || marked.length > 0) onWritten()
  return [...frames, ...settled, ...marked]
}

async function write(
  site: SiteId,
  folded: Folded,
  { before, now }: { before: number; now: number },
  presence: EntityStore,
): Promise<Written> {
  const { event, topic } = folded
  const entity = toEntity(folded)
  const isLate = comesAndGoes(event) && now - folded.sentAt > heldMsMax
  const mayCreate = epochOf(entity.v) >= before && !isLate
  const ended = isEnded(event)
  return { ...folded, entity, isNews: await presence.put(site, { topic, entity, ended, mayCreate }, now) }
}

/**
 * Ends the entities that were written by facts of an epoch that has ended meanwhile: the invocation that settled the new
 * epoch may have read the rows before the write. If such an entity exists, the new epoch has a newer fact of it.
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

/** Phones, queues and their members stay until a list no longer has them; a late fact of them is as good as an early one. */
function comesAndGoes(event: PresenceEvent): boolean {
  if (event.type === 'switchhook.queue.v1') return event.data.part === 'caller' || event.data.part === 'gone'
  return event.type === 'switchhook.call.v1'
}

function isEnded(event: PresenceEvent): boolean {
  if (event.type === 'switchhook.call.v1') return event.data.state === 'ended'
  return event.type === 'switchhook.queue.v1' && event.data.part === 'gone'
}

function toEntity({ id, event }: Folded): Entity {
  if (event.type === 'switchhook.call.v1') return { id, v: event.v, r: 0, state: event.data }
  if (event.type === 'switchhook.queue.v1') return { id, v: event.v, r: 0, state: event.data }
  return { id, v: event.v, r: 0, state: event.data }
}

/**
 * Returns frames of one topic and epoch each, since `k` counts within an epoch, split by the size limit of a frame. A fact
 * that is older than the stored one is not pushed; its `k` goes into the first frame, so that clients see no hole.
 */
function deltaFrames(written: readonly Written[], now: number): DeltaFrame[] {
  const groups = Map.groupBy(written, ({ topic, event }) => `${topic} ${epochOf(event.v)}`)
  return [...groups.values()].flatMap((group) => {
    const runs = splitByFrame(group.filter(({ isNews }) => isNews).map(({ entity, ks }) => ({ entity, ks })))
    const staleKs = group.flatMap(({ ks, isNews }) => (isNews ? [] : ks))
    return runs.flatMap((run, n): DeltaFrame[] => {
      const [first] = group
      if (!first) return []
      const ks = [...run.flatMap((one) => one.ks), ...(n === 0 ? staleKs : [])].sort((a, b) => a - b)
      const epoch = epochOf(first.event.v)
      const all = run.map(({ entity }) => entity)
      const isRemoved = (entity: Entity) => first.topic !== 'calls' && entity.r > 0
      const removed = all.filter(isRemoved).map(({ id, v, r }) => ({ id, v, r }))
      const entities = all.filter((entity) => !isRemoved(entity))
      return [
        { type: 'delta', topic: first.topic, epoch, ks, w: now, entities, ...(removed.length > 0 && { removed }) },
      ]
    })
  })
}
