import {
  type Entity,
  type EntityTopic,
  protocolVersion,
  type Removal,
  type ResumedFrame,
  type SnapshotFrame,
  type StatsFrame,
  type Topic,
} from '../../../contracts/frames.ts'
import { redeliveredMsMax, writeMsMax } from '../../../contracts/limits.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { splitByFrame } from '../../domain/framing.ts'
import { visibleTo } from '../../domain/personal/frames.ts'
import { siteStats } from '../../domain/site-stats.ts'
import type { ConnectionRow } from '../../stores/connections.ts'
import type { PresenceRow } from '../../stores/presence.ts'
import type { SiteBridgeStatus } from '../../stores/sites.ts'
import type { Read } from '../../stores/table.ts'

export interface Subscriptions {
  subscribe(id: string, connection: ConnectionRow, topic: Topic, now: number, extensions?: string[]): Promise<void>
}
export interface PresenceReader {
  rows(site: SiteId, topic: EntityTopic, read?: Read): Promise<PresenceRow[]>
}
export interface AnswerDependencies {
  connections: Subscriptions
  presence: PresenceReader
  /** When the bridge was last seen, whether its facts are stale, and its report of the PBX; empty if it was never seen. */
  bridgeStatus(site: SiteId, now: number): Promise<SiteBridgeStatus>
  epoch(site: SiteId): Promise<number>
  /** Unix milliseconds. */
  now: number
}

/** A subscription of a connection. */
export interface SubscriptionRequest {
  id: string
  connection: ConnectionRow
  extensions?: string[] | undefined
  /** Only entities written since this time, Unix milliseconds; all if absent. */
  since?: number
}

/**
 * Age of the tombstones that a snapshot contains. A client may receive an older fact of an ended entity after the snapshot,
 * from an invocation that began up to `writeMsMax` before it; the end was written by an invocation that began up to as long
 * before that one.
 */
const tombstonesMs = 2 * writeMsMax
/**
 * Age of the tombstones that a resumed topic contains. A redelivered fact is written again with a new time, so `since` finds
 * it; a redelivered removal is only pushed again, so a client that was offline needs its tombstone. Removals are few.
 */
const removalsMs = redeliveredMsMax + writeMsMax

/**
 * Subscribes a connection to a topic and returns its state. The subscription is written before the rows are read: a change
 * that the read misses is pushed, and of a change in both the client keeps the newer version.
 */
export async function subscribe(
  topic: Topic,
  { id, connection, extensions, since }: SubscriptionRequest,
  { connections, presence, bridgeStatus, epoch, now }: AnswerDependencies,
): Promise<(SnapshotFrame | ResumedFrame | StatsFrame)[]> {
  const { site } = connection
  await connections.subscribe(id, connection, topic, now, extensions)
  if (topic === 'stats') return [await readStats(site, presence)]
  const [rows, status, current] = await Promise.all([presence.rows(site, topic), bridgeStatus(site, now), epoch(site)])
  // All live calls are sent at each resume: they are few, and each ends soon.
  const from = topic === 'calls' ? undefined : since
  const isFresh = ({ w, ended }: PresenceRow) => w > (from ?? 0) - (ended ? removalsMs : writeMsMax)
  const fresh = rows.filter(isFresh)
  const visible = visibleTo(connection, extensions)
  const live = fresh.flatMap(({ entity, ended }) => (entity && !ended ? visible(entity) : []))
  const buried = fresh.filter(({ w, ended }) => ended && (from !== undefined || w > now - tombstonesMs))
  const runs = inParts(
    live,
    buried.map(({ id, v, r }) => ({ id, v, r })),
  )
  const common = { topic, ...status, epoch: current, w: now, parts: runs.length }
  return runs.map((run, n): SnapshotFrame | ResumedFrame =>
    from === undefined
      ? { type: 'snapshot', protocol: protocolVersion, ...common, part: n + 1, ...run }
      : { type: 'resumed', ...common, part: n + 1, ...run },
  )
}

function inParts(entities: Entity[], removed: Removal[]): { entities: Entity[]; removed?: Removal[] }[] {
  const items = [...entities.map((entity) => ({ entity })), ...removed.map((removal) => ({ removal }))]
  const runs = splitByFrame<{ entity?: Entity; removal?: Removal }>(items).map((run) => {
    const gone = run.flatMap(({ removal }) => removal ?? [])
    return { entities: run.flatMap(({ entity }) => entity ?? []), ...(gone.length > 0 && { removed: gone }) }
  })
  return runs.length > 0 ? runs : [{ entities: [] }]
}

async function readStats(site: SiteId, presence: PresenceReader): Promise<StatsFrame> {
  const read = (topic: EntityTopic) => presence.rows(site, topic, 'eventual')
  return siteStats(await read('endpoints'), await read('calls'))
}
