import type { TicketIssued } from '../../../contracts/http.ts'
import { config } from '../../config.ts'
import { makeTicket, sha256 } from '../../domain/api-key.ts'
import { AccessStore } from '../../stores/access.ts'
import { documentClient } from '../../stores/table.ts'
import { httpHandler } from '../http-handler.ts'
import { answer } from '../request.ts'

const env = config('TABLE_ACCESS', 'SOCKET_ENDPOINT')
const access = new AccessStore(documentClient(), env.TABLE_ACCESS)

/** Long enough for a slow link's handshake, short enough that a ticket in a log is worth nothing. */
const ticketMs = 60_000

export const handler = httpHandler('POST /v1/sites/{site}/tickets', async ({ caller, now }) => {
  const ticket = makeTicket()
  const expiresAt = now + ticketMs
  const { site, keyId, scopes } = caller
  const row = { site, keyId, scopes: [...scopes], expiresAt }
  await access.putTicket(sha256(ticket), row, now)
  const issued: TicketIssued = { ticket, expiresAt: new Date(expiresAt).toISOString(), socketUrl: env.SOCKET_ENDPOINT }
  return answer(201, issued)
})
