import type { KeyInfo } from '../../../contracts/key.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { KeyRow } from '../../stores/keys.ts'
import { HttpProblem } from '../problem.ts'

const moment = (ms: number) => new Date(ms).toISOString()

/** A key without its secrets. */
export function toKeyInfo(key: string, row: KeyRow): KeyInfo {
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
  }
}

export interface KeyLister {
  list(site: SiteId): Promise<{ prefix: string; row: KeyRow }[]>
}

export async function listKeys(site: SiteId, keys: KeyLister): Promise<{ keys: KeyInfo[] }> {
  return { keys: (await keys.list(site)).map(({ prefix, row }) => toKeyInfo(prefix, row)) }
}

export function keyUnknown(): HttpProblem {
  return new HttpProblem(404, 'key-unknown', 'The site has no such key.')
}
