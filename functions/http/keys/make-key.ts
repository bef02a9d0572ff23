import type { KeyMade, KeyRequest } from '../../../contracts/key.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { isScope, roles, type Scope } from '../../../contracts/scopes.ts'
import { nameOf } from '../../caller.ts'
import { hashSecret, type KeyKind, makeApiKey } from '../../domain/api-key.ts'
import type { KeyRow } from '../../stores/keys.ts'
import { badFields } from '../problem.ts'
import { checkScopes, type Giver, givenAccount, givenLimits } from './giver.ts'
import { toKeyInfo } from './key-info.ts'

export interface KeyWriter {
  put(prefix: string, row: KeyRow): Promise<void>
}
const dayMs = 86_400_000
/** What a board may see: the state of phones and calls, no number and no name. */
const boardScopes: readonly Scope[] = ['presence:read']

interface MakeKeyDependencies {
  giver: Giver
  site: SiteId
  pepper: string
  keys: KeyWriter
  now: number
}

/** Makes a key. The secret is in this answer only. A key cannot give more than it has itself. */
export async function makeKey(request: KeyRequest, dependencies: MakeKeyDependencies): Promise<KeyMade> {
  return store('key', wantedScopes(request), request, dependencies)
}

export async function makeBoard(
  request: Pick<KeyRequest, 'name' | 'expiresInDays'>,
  dependencies: MakeKeyDependencies,
): Promise<KeyMade> {
  return store('board', boardScopes, request, dependencies)
}

async function store(
  kind: KeyKind,
  scopes: readonly Scope[],
  { name, expiresInDays, requestsMax, calls }: Pick<KeyRequest, 'name' | 'expiresInDays' | 'requestsMax' | 'calls'>,
  { giver, site, pepper, keys, now }: MakeKeyDependencies,
): Promise<KeyMade> {
  checkScopes(giver, scopes, `make a ${kind}`)
  const expiresAt = expiresInDays === undefined ? undefined : now + expiresInDays * dayMs
  const limits = givenLimits(giver, { expiresAt, requestsMax, calls })
  const { prefix, secret, text } = makeApiKey(kind)
  const row: KeyRow = {
    site,
    kind,
    name,
    hash: hashSecret(secret, pepper),
    older: [],
    scopes: [...scopes],
    createdAt: now,
    createdBy: nameOf(giver.caller),
    ...limits,
    capsOf: givenAccount(giver),
  }
  await keys.put(prefix, row)
  return { ...toKeyInfo(prefix, row), secret: text }
}

function wantedScopes({ role, scopes = [] }: KeyRequest): Scope[] {
  if (role && scopes.length > 0)
    throw badFields([{ field: 'scopes', message: 'Send either `role` or `scopes`, not both.' }])
  if (role) return [...roles[role]]
  const unknown = scopes.filter((scope) => !isScope(scope))
  if (unknown.length > 0)
    throw badFields([{ field: 'scopes', message: `Unknown scope: ${unknown.join(', ')}. Example: cdrs:read.` }])
  const known = [...new Set(scopes.filter(isScope))]
  if (known.length === 0)
    throw badFields([{ field: 'role', message: 'Missing: send `role` or `scopes`. Example: viewer.' }])
  return known
}
