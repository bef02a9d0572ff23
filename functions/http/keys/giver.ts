import type { SiteId } from '../../../contracts/names.ts'
import { isValid } from '../../authorize/identify.ts'
import type { Admin, SiteKey } from '../../caller.ts'
import { hasCallCaps, inheritLimits, type KeyLimits, widerLimits } from '../../domain/key-rights.ts'
import type { KeyRow } from '../../stores/keys.ts'
import { keyInvalid } from '../authorize.ts'
import { type FreezeReader, isKeyFrozen } from '../frozen.ts'
import { HttpProblemError } from '../problem.ts'

export interface KeyReader {
  find(prefix: string): Promise<KeyRow | undefined>
}
interface GiverDependencies {
  caller: SiteKey | Admin
  site: SiteId
  keys: KeyReader
  freezes: FreezeReader
  now: number
}

/** The caller of a route that gives rights: its key's row, unless it is the administrator, who may give everything. */
export interface Giver {
  caller: SiteKey | Admin
  row: KeyRow | undefined
}

/** Reads the calling key. @throws HttpProblemError 403 if it is frozen: it gives nothing and lifts no freeze */
export async function readGiver({ caller, site, keys, freezes, now }: GiverDependencies): Promise<Giver> {
  if (caller.kind === 'admin') return { caller, row: undefined }
  const row = await keys.find(caller.keyId)
  // The authorizer's answer is cached for a minute; a key that was revoked since gives nothing.
  if (!row || !isValid(row, now)) throw keyInvalid()
  if (await isKeyFrozen(freezes, site, caller.keyId, accountOf(caller.keyId, row))) {
    throw new HttpProblemError(
      403,
      'key-frozen',
      'The calling key reached a cap and was frozen, so it cannot manage keys. Use another key.',
    )
  }
  return { caller, row }
}

/** Returns the key whose caps and freeze apply to a key: its own, or those of the capped key that made it. */
export function accountOf(prefix: string, { capsOf }: KeyRow): string {
  return capsOf ?? prefix
}

/** Returns the account of a key that the giver makes; undefined if the new key has one of its own. */
export function givenAccount({ caller, row }: Giver): string | undefined {
  if (caller.kind === 'admin' || !row) return undefined
  return row.capsOf ?? (hasCallCaps(row) ? caller.keyId : undefined)
}

/** @throws HttpProblemError 403 if the giver lacks a scope itself */
export function checkScopes({ caller }: Giver, scopes: readonly string[], what: string): void {
  const held: ReadonlySet<string> | undefined = caller.kind === 'key' ? caller.scopes : undefined
  const missing = held ? scopes.filter((scope) => !held.has(scope)) : []
  if (missing.length === 0) return
  throw new HttpProblemError(
    403,
    'scope-not-held',
    `The calling key lacks ${missing.join(', ')} itself, so it cannot ${what} with these scopes.`,
  )
}

/** Returns the limits of a new key. @throws HttpProblemError 403 if the request asks for more than the giver has */
export function givenLimits(giver: Giver, wanted: KeyLimits): KeyLimits {
  const held = heldLimits(giver)
  const limits = inheritLimits(held, wanted)
  checkLimits(held, limits)
  return limits
}

/** @throws HttpProblemError 403 if an existing key has more than the giver */
export function checkHolds(giver: Giver, scopes: readonly string[], limits: KeyLimits, what: string): void {
  checkScopes(giver, scopes, what)
  checkLimits(heldLimits(giver), limits)
}

/**
 * The secret of a key with another account would give a capped key that account's caps too.
 * @throws HttpProblemError 403 if the giver has an account and the key has another
 */
export function checkAccount(giver: Giver, prefix: string, row: KeyRow): void {
  const account = givenAccount(giver)
  if (account === undefined || account === accountOf(prefix, row)) return
  throw new HttpProblemError(
    403,
    'right-not-held',
    'The calling key has caps on calls, and the other key does not count against them. Use a key without caps.',
  )
}

/** A secret that was rotated out ends before its key (`until`), and so does what it gives. */
function heldLimits({ caller, row }: Giver): KeyLimits {
  if (caller.kind === 'admin' || !row) return {}
  return { expiresAt: caller.until ?? row.expiresAt, requestsMax: row.requestsMax, calls: row.calls }
}

function checkLimits(held: KeyLimits, given: KeyLimits): void {
  const wider = widerLimits(held, given)
  if (wider.length === 0) return
  throw new HttpProblemError(
    403,
    'right-not-held',
    `The calling key is limited more narrowly itself, so it cannot give a key this: ${wider.join(', ')}.`,
    { errors: wider.map((field) => ({ field, message: 'More than the calling key has.' })) },
  )
}
