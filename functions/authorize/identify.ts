import { isScope } from '../../contracts/scopes.ts'
import type { Caller, SiteKey, Unknown } from '../caller.ts'
import { hashSecret, type KeyKind, parseApiKey, sameText, sha256 } from '../domain/api-key.ts'
import type { Secrets } from '../secrets.ts'
import type { KeyRow } from '../stores/keys.ts'
import type { TicketRow } from '../stores/tickets.ts'

export interface KeyFinder {
  find(prefix: string): Promise<KeyRow | undefined>
  touch(prefix: string, row: KeyRow, now: number): Promise<void>
}
export interface TicketRedeemer {
  redeem(sha256: string, now: number): Promise<TicketRow | undefined>
}

/** The name of a scheme has no case (RFC 9110, 11.1). */
const bearer = /^bearer +([\x21-\x7e]{1,200})$/i
const unknown: Unknown = { kind: 'unknown' }
/** Secrets that one key may have: the current one and those that were rotated out. All are compared, so the time shows nothing. */
export const secretsMax = 4
/** Compared if there is no row, so that an unknown prefix takes as long as a wrong secret. */
const noHash = '0'.repeat(64)

/** Returns the caller of an `Authorization: Bearer` header (RFC 6750): the administrator, a site's key, or unknown. */
export async function identifyKey(
  header: string | undefined,
  secrets: Pick<Secrets, 'adminKey' | 'pepper'>,
  keys: KeyFinder,
  now: number,
): Promise<Caller> {
  const token = bearer.exec(header ?? '')?.[1]
  if (!token) return unknown
  if (sameText(token, secrets.adminKey)) return { kind: 'admin' }
  return identifySecret(token, 'key', secrets.pepper, keys, now)
}

/** Returns the site key of the text of a key or board token, or unknown. */
export async function identifySecret(
  text: string,
  kind: KeyKind,
  pepper: string,
  keys: KeyFinder,
  now: number,
): Promise<SiteKey | Unknown> {
  const apiKey = parseApiKey(text)
  if (apiKey?.kind !== kind) return unknown
  const row = await keys.find(apiKey.prefix)
  const hash = hashSecret(apiKey.secret, pepper)
  const candidates = [{ hash: row?.hash ?? noHash, until: undefined }, ...(row?.older ?? [])]
  let match: { until: number | undefined } | undefined
  for (let n = 0; n < secretsMax; n++) {
    const candidate = candidates[n]
    if (sameText(hash, candidate?.hash ?? noHash) && candidate) match ??= candidate
  }
  if (!row || row.kind !== kind || !match) return unknown
  const until = earliest(match.until, row.expiresAt)
  if (row.revokedAt !== undefined || (until !== undefined && until <= now)) return unknown
  await keys.touch(apiKey.prefix, row, now)
  return { ...toCaller(row.site, apiKey.prefix, row.scopes), requestsMax: row.requestsMax, until }
}

/** Returns the caller of a WebSocket ticket and uses the ticket up; unknown if its key was revoked since. */
export async function identifyTicket(
  ticket: string | undefined,
  tickets: TicketRedeemer,
  keys: Pick<KeyFinder, 'find'>,
  now: number,
): Promise<SiteKey | Unknown> {
  if (!ticket || ticket.length > 100) return unknown
  const row = await tickets.redeem(sha256(ticket), now)
  if (!row) return unknown
  const key = await keys.find(row.keyId)
  if (!key || !isValid(key, now)) return unknown
  return { ...toCaller(row.site, row.keyId, row.scopes), until: earliest(row.until, key.expiresAt) }
}

export function isValid(row: KeyRow, now: number): boolean {
  return row.revokedAt === undefined && (row.expiresAt === undefined || row.expiresAt > now)
}

function toCaller(site: string, keyId: string, scopes: readonly string[]): SiteKey {
  return { kind: 'key', site, keyId, scopes: new Set(scopes.filter(isScope)) }
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b)
}
