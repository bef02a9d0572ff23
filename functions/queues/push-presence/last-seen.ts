import type { SiteFold } from '../../domain/presence-fold.ts'
import type { BridgeSighting } from '../../stores/sites.ts'

export interface HeartbeatStore {
  recordSighting(site: string, sighting: BridgeSighting): Promise<boolean>
}

/** A busy site would write its heartbeat with every batch; once in this time says as much. */
const writeEveryMs = 5_000

/**
 * Notes that a site's bridge spoke, with what its heartbeat says of its health. True if it had been told to be silent: a
 * bridge is that after 20 s, so the first batch after always gets through to the table.
 */
export function lastSeenRecorder(store: HeartbeatStore): (fold: SiteFold, now: number) => Promise<boolean> {
  // One entry a site that this warm function has served: 40 bytes each.
  const written = new Map<string, number>()
  return async ({ site, heartbeat }, now) => {
    if (!heartbeat && now - (written.get(site) ?? 0) < writeEveryMs) return false
    written.set(site, now)
    return store.recordSighting(site, { lastHeard: new Date(now).toISOString(), ...heartbeat?.data })
  }
}
