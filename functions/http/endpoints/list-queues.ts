import type { QueueEntity } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { queuesOf } from '../../../contracts/queue-view.ts'
import type { QueuePart } from '../../../contracts/queues.ts'
import type { QueueList } from '../../../contracts/routes/queues.ts'

export interface QueueSources {
  presence: { queues(site: SiteId): Promise<QueueEntity[]> }
  sites: { lastSeen(site: SiteId): Promise<string | undefined> }
  /** Hides the personal data that the caller may not see. */
  show(part: QueuePart): QueuePart
}

export async function listQueues(site: SiteId, { presence, sites, show }: QueueSources): Promise<QueueList> {
  const [entities, lastHeard] = await Promise.all([presence.queues(site), sites.lastSeen(site)])
  // Members are sorted after names are hidden, so that their order tells nothing about the names.
  const queues = queuesOf(entities.map(({ state }) => show(state)))
  return { ...(lastHeard !== undefined && { lastHeard }), queues }
}
