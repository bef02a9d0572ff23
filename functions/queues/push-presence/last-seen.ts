import type { SiteFold } from '../../domain/presence-fold.ts'
import type { BridgeSighting } from '../../stores/sites.ts'

export interface SightingStore {
  recordSighting(site: string, sighting: BridgeSighting): Promise<boolean>
}

/** A message without a heartbeat is recorded at most this often, since a busy site sends many messages a second. */
const writeEveryMs = 5_000

/**
 * Returns a function that records that a site's bridge was seen, with the health in its heartbeat. The function returns true
 * if subscribers had been notified that the bridge is silent. That happens after 20 s of silence, so the first message after
 * it is always recorded.
 */
export function lastSeenRecorder(store: SightingStore): (fold: SiteFold, now: number) => Promise<boolean> {
  // One entry of 40 bytes for each site that this process has served.
  const written = new Map<string, number>()
  return async ({ site, heartbeat }, now) => {
    if (!heartbeat && now - (written.get(site) ?? 0) < writeEveryMs) return false
    written.set(site, now)
    return store.recordSighting(site, { lastHeard: new Date(now).toISOString(), ...heartbeat?.data })
  }
}
