import type { Gap } from '../../../contracts/facts.ts'
import { type PbxReport, pbxReport, type SiteFold } from '../../domain/presence-fold.ts'
import type { BridgeSighting, Sighted } from '../../stores/sites.ts'

export interface SightingStore {
  recordSighting(site: string, sighting: BridgeSighting, now: number): Promise<Sighted>
}

/** What subscribers have to be notified of. */
export interface SightingNews {
  /** They had been notified that the bridge is silent. */
  isBack: boolean
  /** They have not been notified of this report of the PBX. */
  pbx?: PbxReport
}

/** A message without news is recorded at most this often, since a busy site sends many messages a second. */
const writeEveryMs = 5_000

/**
 * Returns a function that records that a site's bridge was seen, with its health and that of its PBX. Subscribers are notified
 * of silence after 20 s, so the first message after it is always recorded.
 */
export function lastSeenRecorder(store: SightingStore): (fold: SiteFold, now: number) => Promise<SightingNews> {
  // One entry of 40 bytes for each site that this process has served.
  const written = new Map<string, number>()
  return async (fold, now) => {
    const { site, heartbeat, ready, gaps } = fold
    const hasNews = heartbeat !== undefined || ready !== undefined || gaps.length > 0
    if (!hasNews && now - (written.get(site) ?? 0) < writeEveryMs) return { isBack: false }
    written.set(site, now)
    const { run, pbx, counters, version, asterisk } = heartbeat?.data ?? {}
    // A bridge of an earlier version sends no checks: those of the newer one that it replaced no longer hold.
    const checks = heartbeat && (heartbeat.data.checks ?? [])
    const report = pbxReport(fold)
    const own = { run, pbx, counters, version, asterisk, checks, lastGap: lastGapOf(fold) }
    const status = report && { pbx: report.state, pbxSince: report.since, pbxV: report.v }
    const sighted = await store.recordSighting(site, { lastHeard: new Date(now).toISOString(), ...own, ...status }, now)
    return { isBack: sighted.isBack, ...(sighted.isPbxNews && report && { pbx: report }) }
  }
}

/** Returns the newest gap of a batch. A heartbeat repeats the last one, since its own event may have come late, on the other lane. */
function lastGapOf({ gaps, heartbeat }: SiteFold): Gap | undefined {
  const repeated = heartbeat?.data.lastGap && { v: heartbeat.v, data: heartbeat.data.lastGap }
  return [...gaps, ...(repeated ? [repeated] : [])].toSorted((a, b) => (a.v < b.v ? -1 : 1)).at(-1)?.data
}
