import * as v from 'valibot'
import { SwitchhookError } from '../../contracts/errors.ts'
import { KeyCallRules } from '../../contracts/key.ts'
import { SiteId } from '../../contracts/names.ts'
import { timeToLive } from './expressions.ts'
import { batchGetMax, readableOf, Store } from './table.ts'
import { keys } from './table-keys.ts'

/** A secret that was rotated out, and until when (Unix milliseconds) it is still accepted. */
const OlderSecret = v.object({ hash: v.string(), until: v.number() })
export const KeyRow = v.looseObject({
  site: SiteId,
  kind: v.optional(v.picklist(['key', 'board']), 'key'),
  name: v.string(),
  hash: v.string(),
  older: v.optional(v.array(OlderSecret), []),
  scopes: v.array(v.string()),
  createdAt: v.number(),
  createdBy: v.string(),
  expiresAt: v.optional(v.number()),
  lastUsedAt: v.optional(v.number()),
  rotatedAt: v.optional(v.number()),
  revokedAt: v.optional(v.number()),
  requestsMax: v.optional(v.number()),
  calls: v.optional(KeyCallRules),
  /** The capped key that made it, directly or not: their calls count together, and a freeze is for all of them. */
  capsOf: v.optional(v.string()),
})
/** Times are Unix milliseconds. */
export type KeyRow = v.InferOutput<typeof KeyRow>
const ListedKey = v.looseObject({ ...KeyRow.entries, pk: v.string() })
const Pointer = v.looseObject({ sk: v.string() })

/** A revoked key stays listed for 30 days. */
const revokedSeconds = 30 * 86_400
/** The last use is stored to the hour: one write an hour and key. */
const lastUseMs = 3_600_000
/** A pointer is 60 bytes: over 15,000 keys a page. */
const pagesMax = 100
/** Rounds for the keys that DynamoDB left out of a batch because it was busy. */
const roundsMax = 20

/** DynamoDB was too busy to read all keys of a site. */
export class KeysUnreadError extends SwitchhookError {
  readonly errorId = 'keys-unread'
  override shouldRetry(): boolean {
    return true
  }
}

/** Stores API keys and board tokens: one row each, found by its prefix, and a pointer to it under its site. */
export class KeyStore extends Store {
  /** Writes the pointer first: a pointer without a key is ignored, but a key without one could not be listed and revoked. */
  async put(prefix: string, row: KeyRow): Promise<void> {
    await this.table.put(keys.keyList(row.site, prefix))
    await this.table.put({ ...keys.key(prefix), ...row })
  }

  async find(prefix: string): Promise<KeyRow | undefined> {
    return this.table.get(KeyRow, keys.key(prefix), 'consistent')
  }

  async list(site: SiteId): Promise<{ prefix: string; row: KeyRow }[]> {
    const prefixes = await this.#prefixes(site)
    const found: { prefix: string; row: KeyRow }[] = []
    for (let from = 0; from < prefixes.length; from += batchGetMax) {
      let left = prefixes.slice(from, from + batchGetMax).map(keys.key)
      for (let round = 0; left.length > 0; round += 1) {
        if (round === roundsMax) throw new KeysUnreadError(`the table did not read ${left.length} keys`)
        const { items, unprocessed } = await this.table.batchGet(left, 'consistent')
        for (const row of readableOf(ListedKey, items)) found.push({ prefix: row.pk.slice('KEY#'.length), row })
        left = unprocessed
      }
    }
    return found.filter(({ row }) => row.site === site).sort((a, b) => a.row.createdAt - b.row.createdAt)
  }

  /** Replaces the secret of a key and sets when the old ones expire, in one write, so a crash leaves no state in between. */
  async rotate(prefix: string, seen: KeyRow, next: Pick<KeyRow, 'hash' | 'older'>, now: number): Promise<boolean> {
    return this.table.update(keys.key(prefix), {
      update: 'SET #hash = :hash, older = :older, rotatedAt = :now',
      condition: '#hash = :seen AND site = :site AND attribute_not_exists(revokedAt)',
      values: { hash: next.hash, older: next.older, now, seen: seen.hash, site: seen.site },
    })
  }

  /** Returns false if the site has no such key. A second revocation keeps the time of the first. */
  async revoke(site: SiteId, prefix: string, now: number): Promise<boolean> {
    return this.table.update(keys.key(prefix), {
      update: 'SET revokedAt = if_not_exists(revokedAt, :now), #ttl = if_not_exists(#ttl, :ttl)',
      condition: 'site = :site',
      values: { now, ttl: timeToLive(now, revokedSeconds), site },
    })
  }

  /** Stores when the key was used, at most once an hour. */
  async touch(prefix: string, row: KeyRow, now: number): Promise<void> {
    if (row.lastUsedAt !== undefined && now - row.lastUsedAt < lastUseMs) return
    await this.table.update(keys.key(prefix), {
      update: 'SET lastUsedAt = :now',
      condition: 'attribute_exists(pk) AND (attribute_not_exists(lastUsedAt) OR lastUsedAt < :hourAgo)',
      values: { now, hourAgo: now - lastUseMs + 1 },
    })
  }

  /** Removes every key of a site. Deletes the key before its pointer, by which a second attempt finds it. */
  async removeAll(site: SiteId): Promise<number> {
    const prefixes = await this.#prefixes(site)
    for (const prefix of prefixes) {
      await this.table.delete(keys.key(prefix))
      await this.table.delete(keys.keyList(site, prefix))
    }
    return prefixes.length
  }

  async #prefixes(site: SiteId): Promise<string[]> {
    const query = { pk: keys.keyList(site, '').pk, read: 'consistent' } as const
    return (await this.table.items(Pointer, query, pagesMax)).map(({ sk }) => sk)
  }
}
