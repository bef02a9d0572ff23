import * as v from 'valibot'
import { CheckResult, ComponentHealth, Gap, type PbxStatus } from '../../contracts/facts.ts'
import { silentMsMax } from '../../contracts/limits.ts'
import type { SiteId } from '../../contracts/names.ts'
import type { Site } from '../../contracts/site.ts'
import { setFields } from './expressions.ts'
import { Store } from './table.ts'
import { heartbeatShards, keys } from './table-keys.ts'

const SiteRow = v.looseObject({ epoch: v.optional(v.number()) })
const HeartbeatRow = v.looseObject({
  lastHeard: v.string(),
  pbx: v.optional(ComponentHealth),
  /** True if subscribers were notified that the bridge is silent. */
  toldSilent: v.optional(v.boolean()),
  /** Since when the PBX is so, and the version of the line that said it. */
  pbxSince: v.optional(v.string()),
  pbxV: v.optional(v.string()),
  /** The report of the PBX that subscribers were notified of, `pbxKey`. */
  pbxTold: v.optional(v.string()),
  version: v.optional(v.string()),
  asterisk: v.optional(v.string()),
  checks: v.optional(v.array(CheckResult)),
  lastGap: v.optional(Gap),
  /** When the bridge was first seen, or came back after a silence. */
  onlineSince: v.optional(v.string()),
})
export type BridgeHealth = v.InferOutput<typeof HeartbeatRow>
const HeartbeatOfSite = v.looseObject({ ...HeartbeatRow.entries, sk: v.string() })

/** What a message of a bridge says about the bridge itself; `lastHeard` is when the cloud received it (RFC 3339). */
export interface BridgeSighting {
  lastHeard: string
  run?: string | undefined
  pbx?: v.InferOutput<typeof ComponentHealth> | undefined
  counters?: Record<string, number> | undefined
  version?: string | undefined
  asterisk?: string | undefined
  checks?: CheckResult[] | undefined
  lastGap?: Gap | undefined
  pbxSince?: string
  /** Orders reports of the PBX: an older one never replaces a newer one. */
  pbxV?: string
}
export interface Sighted {
  /** Subscribers had been notified that the bridge is silent. */
  isBack: boolean
  /** The sighting has a report of the PBX that subscribers were not notified of. */
  isPbxNews: boolean
}
export interface SiteBridgeStatus {
  lastHeard?: string
  stale?: boolean
  pbx?: PbxStatus & { v?: string }
}

export type SiteDescription = Pick<Site, 'country' | 'zone' | 'language' | 'retentionDays' | 'settings'>

export function isSilent(lastHeard: string, now: number): boolean {
  return now - Date.parse(lastHeard) > silentMsMax
}

/** Returns the bridge's report of its PBX; an older bridge has no time in it. */
export function pbxOf({ pbx, pbxSince, pbxV }: BridgeHealth): SiteBridgeStatus['pbx'] {
  if (pbxSince === undefined || (pbx !== 'up' && pbx !== 'down')) return undefined
  return { state: pbx, since: pbxSince, ...(pbxV !== undefined && { v: pbxV }) }
}

function pbxKey({ state, since }: { state: string; since: string }): string {
  return `${state} ${since}`
}

/** A heartbeat row is 0.8 KB: 1,300 sites a page. */
const pagesMax = 100

/** Stores a site's epoch, its settings for the queue functions, and when its bridge was last seen. */
export class SiteStore extends Store {
  /** The newest epoch of each site that this process has read. */
  readonly #epochs = new Map<SiteId, number>()

  /** Returns the newest epoch that this process has read, 0 before the first. It may be behind, never ahead. */
  knownEpoch(site: SiteId): number {
    return this.#epochs.get(site) ?? 0
  }

  /** Reads the newest epoch of the site's bridge, 0 before the first. */
  async epoch(site: SiteId): Promise<number> {
    const row = await this.table.get(SiteRow, keys.site(site), 'consistent')
    const epoch = row?.epoch ?? 0
    this.#epochs.set(site, epoch)
    return epoch
  }

  /** Returns false if the site is already in this epoch or a newer one. */
  async raiseEpoch(site: SiteId, epoch: number): Promise<boolean> {
    return this.table.update(keys.site(site), {
      update: 'SET epoch = :epoch',
      condition: 'attribute_not_exists(epoch) OR epoch < :epoch',
      values: { epoch },
    })
  }

  /** Returns when the bridge was last seen, whether that is so long ago that its facts are stale, and its report of the PBX. */
  async bridgeStatus(site: SiteId, now: number): Promise<SiteBridgeStatus> {
    const row = await this.health(site)
    if (!row) return {}
    const pbx = pbxOf(row)
    return { lastHeard: row.lastHeard, stale: isSilent(row.lastHeard, now), ...(pbx && { pbx }) }
  }

  async lastSeen(site: SiteId): Promise<string | undefined> {
    return (await this.health(site))?.lastHeard
  }

  /** Returns when the site's bridge was last seen, and the state of its PBX that it last reported. */
  async health(site: SiteId): Promise<v.InferOutput<typeof HeartbeatRow> | undefined> {
    return this.table.get(HeartbeatRow, keys.heartbeat(site), 'consistent')
  }

  /** Stores that the bridge was seen, and its report of the PBX unless a newer one is stored. */
  async recordSighting(site: SiteId, sighting: BridgeSighting, now: number): Promise<Sighted> {
    const { pbx, pbxSince, pbxV, ...rest } = sighting
    const key = keys.heartbeat(site)
    const condition = pbxV === undefined ? {} : { condition: 'attribute_not_exists(pbxV) OR pbxV <= :pbxV' }
    const whole = { ...setFields({ ...sighting }), ...condition }
    const taken = await this.table.updateReturning(key, whole, 'ALL_OLD')
    const plain = () => this.table.updateReturning(key, setFields({ ...rest }), 'ALL_OLD')
    const before = v.parse(v.partial(HeartbeatRow), taken ?? (await plain()) ?? {})
    if (before.lastHeard === undefined || isSilent(before.lastHeard, now))
      await this.table.update(key, setFields({ onlineSince: sighting.lastHeard }))
    const told = pbx && pbxSince !== undefined ? pbxKey({ state: pbx, since: pbxSince }) : undefined
    const isPbxNews = taken !== undefined && told !== undefined && before.pbxTold !== told
    return { isBack: before.toldSilent === true, isPbxNews }
  }

  /** Stores that the site's subscribers were notified that the bridge is back. Until then, each sighting says so again. */
  async markBackPublished(site: SiteId): Promise<void> {
    await this.table.update(keys.heartbeat(site), setFields({ toldSilent: false }))
  }

  /** Stores that the site's subscribers were notified of a report of the PBX. */
  async markPbxPublished(site: SiteId, pbx: PbxStatus): Promise<void> {
    await this.table.update(keys.heartbeat(site), setFields({ pbxTold: pbxKey(pbx) }))
  }

  /** Returns the sites whose bridge is silent and whose subscribers were not notified yet. */
  async newlySilent(now: number): Promise<{ site: SiteId; lastHeard: string }[]> {
    const found: { site: SiteId; lastHeard: string }[] = []
    for (const pk of heartbeatShards) {
      // Eventual: half the price, and the next tick finds what this read misses.
      const rows = await this.table.items(HeartbeatOfSite, { pk, read: 'eventual', unreadable: 'skip' }, pagesMax)
      const silent = rows.filter((row) => !row.toldSilent && isSilent(row.lastHeard, now))
      found.push(...silent.map(({ sk, lastHeard }) => ({ site: sk, lastHeard })))
    }
    return found
  }

  /** Stores that the site's subscribers were notified; returns false if the bridge was seen meanwhile. */
  async markSilencePublished(site: SiteId, lastHeard: string): Promise<boolean> {
    return this.table.update(keys.heartbeat(site), {
      update: 'SET toldSilent = :true',
      condition: 'lastHeard = :seen',
      values: { true: true, seen: lastHeard },
    })
  }

  /**
   * Stores a copy of the settings that queue functions need. The directory of sites is written first; `revision` counts its
   * changes, so an older copy never replaces a newer one.
   */
  async describe(site: SiteId, properties: SiteDescription, revision: number): Promise<void> {
    const { country, zone, language, retentionDays, settings } = properties
    const { update, values } = setFields({ country, zone, language, retentionDays, settings, revision })
    await this.table.update(keys.site(site), {
      update: `${update}, lanes = if_not_exists(lanes, :one)`,
      condition: 'attribute_not_exists(#revision) OR #revision <= :revision',
      values: { ...values, one: 1 },
    })
  }
}
