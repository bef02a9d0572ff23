import { createPublicKey, type KeyObject } from 'node:crypto'
import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { ifPresent, timeToLive } from './expressions.ts'
import { ItemKey, Store } from './table.ts'
import { keys } from './table-keys.ts'

const BridgeRow = v.looseObject({
  sk: v.string(),
  codeHash: v.string(),
  createdAt: v.number(),
  createdBy: v.string(),
  codeExpiresAt: v.number(),
  publicKey: v.optional(v.string()),
  enrolledAt: v.optional(v.number()),
  askedAt: v.optional(v.number()),
  revokedAt: v.optional(v.number()),
  /** True for a key that signed dead letters again, after an erasure. */
  isOfErasure: v.optional(v.boolean()),
})
/** Times are Unix milliseconds. `publicKey` is absent until the bridge enrols with the code. */
export type BridgeRow = v.InferOutput<typeof BridgeRow>

/** A bridge that has not enrolled yet. */
export interface CodeRow {
  codeHash: string
  createdAt: number
  createdBy: string
  codeExpiresAt: number
}

/** A revoked bridge stays listed for 30 days, an unused code for one day after it expires. */
const revokedSeconds = 30 * 86_400
const unusedSeconds = 86_400
/** A site has one bridge, and a few revoked ones. */
const listedMax = 100
/** A page holds 2,000 bridges. */
const pagesMax = 10
/** A dead letter is kept for 14 days, and a redriven one as long again. */
const erasureKeySeconds = 30 * 86_400

/**
 * Stores the bridges of a site. A row is created with an enrolment code, and one write enrols the bridge, so a code is
 * either unused or has enrolled a bridge.
 */
export class BridgeStore extends Store {
  async putCode(site: SiteId, key: string, row: CodeRow): Promise<void> {
    const ttl = timeToLive(row.codeExpiresAt, unusedSeconds)
    await this.table.put({ ...keys.bridge(site, key), ...row, ttl })
  }

  /** Returns true if the code was unused and not expired, or this public key has used it before. */
  async enrol(site: SiteId, key: string, codeHash: string, publicKey: string, now: number): Promise<boolean> {
    const isUnused = 'attribute_not_exists(publicKey) AND codeExpiresAt > :now'
    return this.table.update(keys.bridge(site, key), {
      update: 'SET publicKey = :publicKey, enrolledAt = if_not_exists(enrolledAt, :now) REMOVE #ttl',
      condition: `codeHash = :codeHash AND attribute_not_exists(revokedAt) AND (publicKey = :publicKey OR (${isUnused}))`,
      values: { publicKey, codeHash, now },
    })
  }

  async find(site: SiteId, key: string): Promise<BridgeRow | undefined> {
    return this.table.get(BridgeRow, keys.bridge(site, key), 'consistent')
  }

  /** Returns the key that verifies this bridge's signatures; undefined if the bridge is not enrolled or is revoked. */
  async bridgeKey(site: SiteId, key: string): Promise<KeyObject | undefined> {
    const row = await this.find(site, key)
    return row?.publicKey === undefined || row.revokedAt !== undefined ? undefined : createPublicKey(row.publicKey)
  }

  /** Returns false if a request of the same or a later time was answered: a replayed request gets no credentials. */
  async recordCredentialRequest(site: SiteId, key: string, time: number): Promise<boolean> {
    return this.table.update(keys.bridge(site, key), {
      update: 'SET askedAt = :time',
      condition:
        'attribute_exists(publicKey) AND attribute_not_exists(revokedAt) AND (attribute_not_exists(askedAt) OR askedAt < :time)',
      values: { time },
    })
  }

  /** Returns false if there is no such bridge. A second revocation keeps the time of the first. */
  async revoke(site: SiteId, key: string, now: number): Promise<boolean> {
    return this.table.update(keys.bridge(site, key), {
      update: 'SET revokedAt = if_not_exists(revokedAt, :now), #ttl = if_not_exists(#ttl, :ttl)',
      ...ifPresent,
      values: { now, ttl: timeToLive(now, revokedSeconds) },
    })
  }

  async list(site: SiteId): Promise<BridgeRow[]> {
    const query = { pk: keys.bridge(site, '').pk, read: 'consistent', limit: listedMax, unreadable: 'skip' } as const
    const { items } = await this.table.page(BridgeRow, query)
    return items.filter(({ isOfErasure }) => !isOfErasure).sort((a, b) => a.createdAt - b.createdAt)
  }

  /** Registers a key that verifies dead letters which an erasure has signed again. Its private half no longer exists. */
  async putErasureKey(site: SiteId, key: string, publicKey: string, now: number): Promise<void> {
    const code = { codeHash: '', codeExpiresAt: now }
    const row = { ...code, createdAt: now, createdBy: 'erasure', publicKey, isOfErasure: true }
    await this.table.put({ ...keys.bridge(site, key), ...row, ttl: timeToLive(now, erasureKeySeconds) })
  }

  async removeAll(site: SiteId): Promise<number> {
    const query = { pk: keys.bridge(site, '').pk, attributes: ['pk', 'sk'], read: 'consistent' } as const
    const rows = await this.table.items(ItemKey, query, pagesMax)
    for (const { sk } of rows) await this.table.delete(keys.bridge(site, sk))
    return rows.length
  }
}
