import type { SiteId } from '../../../contracts/names.ts'
import { config } from '../../config.ts'
import { PlacedCallStore } from '../../stores/placed-calls.ts'
import { PresenceStore } from '../../stores/presence.ts'
import { SiteStore } from '../../stores/sites.ts'
import { documentClient } from '../../stores/table.ts'
import type { ReapParts } from './reap-call.ts'

/** All that the reaper stands on, opened once a process. */
export function openReaping(queue: { send: ReapParts['again'] }): Omit<ReapParts, 'now'> {
  const { TABLE_LIVE } = config('TABLE_LIVE')
  const db = documentClient()
  const presence = new PresenceStore(db, TABLE_LIVE)
  const sites = new SiteStore(db, TABLE_LIVE)
  return {
    placed: new PlacedCallStore(db, TABLE_LIVE),
    isLive: async (site: SiteId, call: string) => (await presence.calls(site)).some(({ id }) => id === call),
    lastHeard: sites.lastHeard.bind(sites),
    again: queue.send.bind(queue),
  }
}
