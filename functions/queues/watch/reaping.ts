import * as v from 'valibot'
import { config } from '../../config.ts'
import { PlacedCallStore } from '../../stores/placed-calls.ts'
import { PresenceStore } from '../../stores/presence.ts'
import { SiteStore } from '../../stores/sites.ts'
import { documentClient } from '../../stores/table.ts'
import type { FanOutDependencies } from '../fan-out/fan-out.ts'
import { OutcomeMessage, publishOutcome } from './publish-outcome.ts'
import { type ReapDependencies, type ReapMessage, reapCall } from './reap-call.ts'

/** The reaper, and whoever tells what it or a record found, with all that they stand on, opened once a process. */
export function openReaping(queue: { send: ReapDependencies['again'] }, fanOutDependencies: FanOutDependencies) {
  const { TABLE_LIVE } = config('TABLE_LIVE')
  const db = documentClient()
  const presence = new PresenceStore(db, TABLE_LIVE)
  const epochs = new SiteStore(db, TABLE_LIVE)
  const placed = new PlacedCallStore(db, TABLE_LIVE)
  const lastSeen = epochs.lastSeen.bind(epochs)
  const reaping = {
    placed,
    isLive: async (site: string, call: string) => (await presence.calls(site)).some(({ id }) => id === call),
    lastSeen,
    again: queue.send.bind(queue),
  }
  return async (asked: ReapMessage | OutcomeMessage, now: number): Promise<void> => {
    const tell = (outcome: OutcomeMessage) =>
      publishOutcome(outcome, { placed, presence, epochs, lastSeen, fanOutDependencies, now })
    await (v.is(OutcomeMessage, asked) ? tell(asked) : reapCall(asked, { ...reaping, tell, now }))
  }
}
