import type { SiteId } from '../../contracts/names.ts'
import type { Reader } from '../domain/personal.ts'
import { cached } from '../stores/cached.ts'
import type { KeyRow } from '../stores/keys.ts'

/** Returns what a key may see, or undefined if it is unknown, revoked or expired: its webhooks get nothing. */
export type ReaderOf = (site: SiteId, key: string) => Promise<Reader | undefined>

export function cachedReaders(
  keys: { find(prefix: string): Promise<KeyRow | undefined> },
  now: () => number,
): ReaderOf {
  const find = cached((prefix: string) => keys.find(prefix), now)
  return async (site, key) => {
    const row = await find(key)
    if (row?.site !== site || row.kind !== 'key' || row.revokedAt !== undefined) return undefined
    if (row.expiresAt !== undefined && row.expiresAt <= now()) return undefined
    return row.scopes.includes('webhooks:manage') ? { scopes: row.scopes } : undefined
  }
}
