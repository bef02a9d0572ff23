import { ticketRoutes } from '../../../contracts/routes/tickets.ts'
import { config } from '../../config.ts'
import { documentClient } from '../../stores/table.ts'
import { TicketStore } from '../../stores/tickets.ts'
import { httpHandler } from '../http-handler.ts'
import { answer } from '../request.ts'
import { issueTicket } from './issue-ticket.ts'

const env = config('TABLE_ACCESS', 'SOCKET_ENDPOINT')
const tickets = new TicketStore(documentClient(), env.TABLE_ACCESS)

export const handler = httpHandler(ticketRoutes, 'tickets', {
  'POST /v1/sites/{site}/tickets': async ({ caller, body, now }) =>
    answer(201, await issueTicket(caller, body.scopes, { tickets, socketUrl: env.SOCKET_ENDPOINT, now })),
})
