import type { QueueEvent } from '../../../contracts/events.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { QueuePart } from '../../../contracts/queues.ts'
import type { QueueEventData } from '../../../contracts/webhook-event-data.ts'
import { digest, recentMs } from './endpoint-events.ts'
import { eventId, type StoredEvent } from './event.ts'

/** What was last seen of a queue, a member or a waiting caller: a digest of what is watched, or that it is gone. */
export interface SeenQueuePart {
  v: string
  digest: string
}
const goneDigest = '-'

/**
 * Returns the event of a fact about a queue, if it is a change, and what is now seen. A bridge repeats all facts when it connects. The
 * first fact of a member or caller is a change if it began a moment before.
 */
export function eventsOfQueue(
  site: SiteId,
  { subject: id, data: part, v: version, time }: QueueEvent,
  before: SeenQueuePart | undefined,
): { events: StoredEvent[]; seen: SeenQueuePart } | undefined {
  // What was seen is stored after its event, so this fact has made its event, or a newer one has made the events of both.
  if (before && before.v >= version) return undefined
  const seen = { v: version, digest: part.part === 'gone' ? goneDigest : digest(watched(part)) }
  const known = before?.digest
  const isChange = known === undefined ? isRecent(part, time) : known !== seen.digest
  if (!isChange) return { events: [], seen }
  const isNew = known === undefined || known === goneDigest
  const change = part.part === 'gone' ? 'removed' : isNew ? 'added' : 'changed'
  const data: QueueEventData = { queue: part.queue, id, part: kindOf(id), change, ...detailsOf(part) }
  const type = 'queue.changed'
  return { events: [{ id: eventId(site, type, id, version), type, time, subject: id, data }], seen }
}

/** A caller who moves up, and what a member has done so far, change with each call: they are no change. */
function watched(part: Exclude<QueuePart, { part: 'gone' }>): unknown {
  if (part.part === 'queue') return [part.strategy]
  if (part.part === 'caller') return [part.uniqueid]
  const { state, paused, penalty, membership, interface: channel, name } = part
  return [state, paused !== undefined, paused?.reason, penalty, membership, channel, name]
}

function isRecent(part: QueuePart, time: string): boolean {
  return 'since' in part && typeof part.since === 'string' && Date.parse(time) - Date.parse(part.since) < recentMs
}

function kindOf(id: string): QueueEventData['part'] {
  if (/\/members\/\d+$/.test(id)) return 'member'
  return /\/callers\/[^/]+$/.test(id) ? 'caller' : 'queue'
}

function detailsOf(part: QueuePart): Pick<QueueEventData, 'strategy' | 'member' | 'caller'> {
  if (part.part === 'queue') return { strategy: part.strategy }
  if (part.part === 'member') {
    const { part: _, queue: __, ...member } = part
    return { member }
  }
  if (part.part === 'caller') {
    const { part: _, queue: __, ...caller } = part
    return { caller }
  }
  return {}
}
