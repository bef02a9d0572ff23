import type { TicketIssued } from '../../../contracts/http.ts'
import { isScope } from '../../../contracts/scopes.ts'
import type { SiteKey } from '../../caller.ts'
import { makeTicket, sha256 } from '../../domain/api-key.ts'
import type { TicketRow } from '../../stores/tickets.ts'
import { badFields, HttpProblemError } from '../problem.ts'

export interface TicketWriter {
  put(sha256: string, row: TicketRow, now: number): Promise<void>
}

/** Long enough for a slow link's handshake, short enough that a ticket in a log is worth nothing. */
const ticketMs = 60_000

/** Issues a ticket with the caller's scopes, or with those of them that the request names. */
export async function issueTicket(
  caller: SiteKey,
  wanted: readonly string[] | undefined,
  { tickets, socketUrl, now }: { tickets: TicketWriter; socketUrl: string; now: number },
): Promise<TicketIssued> {
  if (wanted && !wanted.every(isScope)) {
    throw badFields([{ field: 'scopes', message: 'Unknown scope. Example: presence:read.' }])
  }
  const missing = (wanted ?? []).filter((scope) => isScope(scope) && !caller.scopes.has(scope))
  if (missing.length > 0) {
    throw new HttpProblemError(
      403,
      'scope-not-held',
      `The key lacks ${missing.join(', ')} itself, so its ticket cannot have these scopes.`,
    )
  }
  const ticket = makeTicket()
  const expiresAt = now + ticketMs
  const { site, keyId, until } = caller
  const scopes = [...(wanted ?? caller.scopes)]
  await tickets.put(sha256(ticket), { site, keyId, scopes, expiresAt, until }, now)
  return { ticket, expiresAt: new Date(expiresAt).toISOString(), socketUrl, scopes }
}
