import * as v from 'valibot'
import { TicketIssued, TicketRequest } from '../http.ts'
import { BoardRequest, KeyInfo, KeyList, KeyMade, KeyRequest, RotateRequest } from '../key.ts'

export const keyRoutes = {
  'POST /v1/sites/{site}/keys': {
    function: 'keys',
    needs: 'keys:manage',
    orAdmin: true,
    summary: 'Makes a key with scopes that its maker has too. Its secret is shown in this answer alone.',
    body: KeyRequest,
    answers: { 201: KeyMade },
  },
  'GET /v1/sites/{site}/keys': {
    function: 'keys',
    needs: 'keys:manage',
    orAdmin: true,
    summary: 'Keys and board tokens, the revoked of the last 30 days too.',
    answers: { 200: KeyList },
  },
  'POST /v1/sites/{site}/keys/{key}/rotate': {
    function: 'keys',
    needs: 'keys:manage',
    orAdmin: true,
    summary: 'Gives a key another secret; the old one goes on for a while.',
    body: v.optional(RotateRequest, {}),
    answers: { 200: KeyMade },
  },
  'DELETE /v1/sites/{site}/keys/{key}': {
    function: 'keys',
    needs: 'keys:manage',
    orAdmin: true,
    summary: 'Revokes a key or board token: its sockets are closed at once, its requests refused within 60 seconds.',
    answers: { 200: KeyInfo },
  },
  'DELETE /v1/sites/{site}/keys/{key}/freeze': {
    function: 'keys',
    needs: 'keys:manage',
    orAdmin: true,
    summary: 'Lets a key place calls again that was frozen because it reached a cap.',
    answers: { 200: KeyInfo },
  },
  'POST /v1/sites/{site}/boards': {
    function: 'keys',
    needs: 'keys:manage',
    orAdmin: true,
    summary: 'Makes a long-lived token that opens a read-only board, without numbers and names.',
    body: BoardRequest,
    answers: { 201: KeyMade },
  },
  'POST /v1/boards/tickets': {
    function: 'boards',
    needs: 'anyone',
    summary: 'A ticket for a board, got by its token.',
    body: v.strictObject({ token: v.pipe(v.string(), v.maxLength(200)) }),
    answers: { 201: TicketIssued },
  },
  'POST /v1/sites/{site}/tickets': {
    function: 'tickets',
    needs: 'presence:read',
    summary: "A ticket that opens one WebSocket, once, within 60 seconds, with the key's scopes or fewer.",
    body: v.optional(TicketRequest, {}),
    answers: { 201: TicketIssued },
  },
} as const
