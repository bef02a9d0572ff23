import * as v from 'valibot'
import { config } from '../../config.ts'
import { PlacedCallStore } from '../../stores/placed-calls.ts'
import { PresenceStore } from '../../stores/presence.ts'
import { SiteStore } from '../../stores/sites.ts'
import { documentClient } from '../../stores/table.ts'
import type { FanningOut } from '../fan-out/fan-out.ts'
import { type Reap, type ReapParts, reapCall } from './reap-call.ts'
import { Tell, tellOutcome } from './tell-outcome.ts'

/** The reaper, and whoever tells what it or a record found, with all that they stand on, opened once a process. */
export function openReaping(queue: { send: ReapParts['again'] }, fanning: FanningOut) {
  const { TABLE_LIVE } = config('TABLE_LIVE')
  const db = documentClient()
  const presence = new PresenceStore(db, TABLE_LIVE)
  const epochs = new SiteStore(db, TABLE_LIVE)
  const placed = new PlacedCallStore(db, TABLE_LIVE)
  const lastHeard = epochs.lastHeard.bind(epochs)
  const reaping = {
    placed,
    isLive: async (site: string, call: string) => (await presence.calls(site)).some(({ id }) => id === call),
    lastHeard,
    again: queue.send.bind(queue),
  }
  return async (asked: Reap | Tell, now: number): Promise<void> => {
    const tell = (outcome: Tell) => tellOutcome(outcome, { placed, presence, epochs, lastHeard, fanning, now })
    await (v.is(Tell, asked) ? tell(asked) : reapCall(asked, { ...reaping, tell, now }))
  }
}
