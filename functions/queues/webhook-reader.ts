import type { SiteId } from '../../contracts/names.ts'
import type { Reader } from '../domain/personal.ts'
import type { KeyRow } from '../stores/keys.ts'

/** Returns what a key may see, or undefined if it is unknown, revoked or expired: its webhooks get nothing. */
export type ReaderOf = (site: SiteId, key: string) => Promise<Reader | undefined>

/** A revoked key has effect for at most this long, as in the HTTP API. */
const cacheMs = 60_000
const cacheEntriesMax = 10_000

export function cachedReaders(
  keys: { find(prefix: string): Promise<KeyRow | undefined> },
  now: () => number,
): ReaderOf {
  const cache = new Map<string, { until: number; row: Promise<KeyRow | undefined> }>()
  const find = (prefix: string) => {
    const known = cache.get(prefix)
    if (known && known.until > now()) return known.row
    const row = keys.find(prefix)
    row.catch(() => cache.delete(prefix))
    if (cache.size >= cacheEntriesMax) cache.clear()
    cache.set(prefix, { until: now() + cacheMs, row })
    return row
  }
  return async (site, key) => {
    const row = await find(key)
    if (row?.site !== site || row.kind !== 'key' || row.revokedAt !== undefined) return undefined
    if (row.expiresAt !== undefined && row.expiresAt <= now()) return undefined
    return row.scopes.includes('webhooks:manage') ? { scopes: row.scopes } : undefined
  }
}
