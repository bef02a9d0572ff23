import * as v from 'valibot'
import { field } from '../field.ts'
import { TicketIssued, TicketRequest } from '../http.ts'
import { ticketExample } from './examples.ts'
import { sitePath } from './parameters.ts'
import type { RouteGroup } from './route.ts'
import { scopeNotHeld } from './route-errors.ts'

const BoardTicketRequest = v.strictObject({
  token: field(
    v.pipe(v.string(), v.maxLength(200, 'Too long for a board token: at most 200 characters.')),
    'The board token.',
    'shb_Zk3f9a8c_c2VjcmV0',
  ),
})

export const ticketRoutes = {
  'POST /v1/boards/tickets': {
    summary: 'Issues a ticket to a board that shows its token.',
    function: 'boards',
    needs: 'anyone',
    body: BoardTicketRequest,
    answers: { 201: TicketIssued },
    errors: {
      'key-invalid': { status: 401, when: 'The board token is malformed, unknown, expired or revoked.' },
      'key-rate-exceeded': { status: 429, when: 'The token has used up its requests of this window; see Retry-After.' },
      'site-rate-exceeded': { status: 429, when: 'The site has used up its requests of this window; see Retry-After.' },
    },
    example: { body: { token: 'shb_Zk3f9a8c_c2VjcmV0' }, answer: { ...ticketExample, site: 'office' } },
  },
  'POST /v1/sites/{site}/tickets': {
    summary: "Issues a ticket that opens one WebSocket, once, within 60 seconds, with the key's scopes or fewer.",
    function: 'tickets',
    needs: 'presence:read',
    path: sitePath,
    body: v.optional(TicketRequest, {}),
    answers: { 201: TicketIssued },
    errors: scopeNotHeld,
    example: { body: { scopes: ['presence:read'] }, answer: ticketExample },
  },
} as const satisfies RouteGroup
