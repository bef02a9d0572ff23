import type { Caller } from '../caller.ts'
import { hashSecret, parseApiKey, sameText, sha256 } from '../domain/api-key.ts'
import { isScope } from '../domain/scopes.ts'
import type { Secrets } from '../secrets.ts'
import type { KeyRow, TicketRow } from '../stores/access.ts'

export interface KeyFinder {
  key(prefix: string): Promise<KeyRow | undefined>
}
export interface TicketRedeemer {
  redeemTicket(sha256: string, now: number): Promise<TicketRow | undefined>
}

const bearer = /^Bearer ([\x21-\x7e]{1,200})$/

/** The caller behind an `Authorization: Bearer` header (RFC 6750): the deployment's admin, a site's key, or nobody. */
export async function identifyKey(header: string | undefined, secrets: Secrets, keys: KeyFinder): Promise<Caller> {
  const token = bearer.exec(header ?? '')?.[1]
  if (!token) return { kind: 'unknown' }
  if (sameText(token, secrets.adminKey)) return { kind: 'admin' }
  const apiKey = parseApiKey(token)
  const row = apiKey && (await keys.key(apiKey.prefix))
  if (!row || !sameText(hashSecret(apiKey.secret, secrets.pepper), row.hash)) return { kind: 'unknown' }
  return { kind: 'key', site: row.site, keyId: apiKey.prefix, scopes: new Set(row.scopes.filter(isScope)) }
}

/** The caller behind a WebSocket ticket, which is used up by asking. */
export async function identifyTicket(
  ticket: string | undefined,
  tickets: TicketRedeemer,
  now: number,
): Promise<Caller> {
  if (!ticket || ticket.length > 100) return { kind: 'unknown' }
  const row = await tickets.redeemTicket(sha256(ticket), now)
  if (!row) return { kind: 'unknown' }
  return { kind: 'key', site: row.site, keyId: row.keyId, scopes: new Set(row.scopes.filter(isScope)) }
}
