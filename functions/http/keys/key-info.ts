import type { KeyInfo } from '../../../contracts/key.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { KeyRow } from '../../stores/keys.ts'
import { HttpProblemError } from '../problem.ts'
import { accountOf, type Giver, type KeyReader } from './giver.ts'

const moment = (ms: number) => new Date(ms).toISOString()

/** A key without its secrets. */
export function toKeyInfo(key: string, row: KeyRow, frozenAt?: number): KeyInfo {
  const { kind, name, scopes, createdAt, createdBy, expiresAt, lastUsedAt, revokedAt, rotatedAt, requestsMax } = row
  return {
    key,
    kind,
    name,
    scopes,
    createdAt: moment(createdAt),
    createdBy,
    ...(expiresAt !== undefined && { expiresAt: moment(expiresAt) }),
    ...(lastUsedAt !== undefined && { lastUsedAt: moment(lastUsedAt) }),
    ...(revokedAt !== undefined && { revokedAt: moment(revokedAt) }),
    ...(rotatedAt !== undefined && { rotatedAt: moment(rotatedAt) }),
    ...(requestsMax !== undefined && { requestsMax }),
    ...(row.calls !== undefined && { calls: row.calls }),
    ...(frozenAt !== undefined && { frozenAt: moment(frozenAt) }),
  }
}

export interface KeyLister {
  list(site: SiteId): Promise<{ prefix: string; row: KeyRow }[]>
}

export interface Freezes {
  frozenKeys(site: SiteId): Promise<ReadonlyMap<string, number>>
  thaw(site: SiteId, keyId: string): Promise<void>
}

export async function listKeys(site: SiteId, keys: KeyLister, freezes: Freezes): Promise<{ keys: KeyInfo[] }> {
  const [rows, frozen] = await Promise.all([keys.list(site), freezes.frozenKeys(site)])
  return {
    keys: rows.map(({ prefix, row }) =>
      toKeyInfo(prefix, row, frozen.get(accountOf(prefix, row)) ?? frozen.get(prefix)),
    ),
  }
}

/**
 * Unfreezes a key that reached a cap, so that it can place calls again. Neither the key itself nor a key that it made, directly or
 * through other keys, may do so: whoever stole it could.
 */
export async function unfreezeKey(
  prefix: string,
  { giver, site, keys, freezes }: { giver: Giver; site: SiteId; keys: KeyReader; freezes: Freezes },
): Promise<KeyInfo> {
  const row = await keys.find(prefix)
  if (row?.site !== site) throw keyUnknown()
  const account = accountOf(prefix, row)
  if ((await mayDescendFrom(account, giver, keys)) || (await mayDescendFrom(prefix, giver, keys))) {
    throw new HttpProblemError(
      403,
      'right-not-held',
      'The frozen key made the calling key, directly or through other keys, or may have: one of its makers is no longer stored. Use another key or the admin key.',
    )
  }
  await freezes.thaw(site, account)
  if (prefix !== account) await freezes.thaw(site, prefix)
  return toKeyInfo(prefix, row)
}

/** A longer chain of makers is refused, so that a request reads few rows. */
const makersMax = 20

/** Whether a key made the giver's key, directly or not; also true if that cannot be told. */
async function mayDescendFrom(ancestor: string, { row }: Giver, keys: KeyReader): Promise<boolean> {
  let at = row
  for (let n = 0; n < makersMax; n += 1) {
    const maker = at?.createdBy.startsWith('key:') ? at.createdBy.slice('key:'.length) : undefined
    if (maker === undefined) return at === undefined && row !== undefined
    if (maker === ancestor) return true
    at = await keys.find(maker)
  }
  return true
}

export function keyUnknown(): HttpProblemError {
  return new HttpProblemError(404, 'key-unknown', 'The site has no such key.')
}
