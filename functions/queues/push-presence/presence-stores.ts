import type { Entity, EntityTopic } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { PresenceRow, Write } from '../../stores/presence.ts'

/** Current state of endpoints and calls, as `PresenceStore` stores it. */
export interface EntityStore {
  put(site: SiteId, write: Write, now: number): Promise<boolean>
  end(site: SiteId, seen: Entity, epoch: number, now: number): Promise<Entity | undefined>
  rows(site: SiteId, topic: EntityTopic): Promise<PresenceRow[]>
}

/** The newest epoch of each site, as `SiteStore` stores it. */
export interface EpochStore {
  /** Returns the newest epoch that this process has read; the stored one may be newer. */
  knownEpoch(site: SiteId): number
  epoch(site: SiteId): Promise<number>
  raiseEpoch(site: SiteId, epoch: number): Promise<boolean>
}

export interface PresenceStores {
  presence: EntityStore
  epochs: EpochStore
}
