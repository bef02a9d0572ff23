import { EndpointList, TicketIssued } from '../http.ts'

export const presenceOperations = {
  'GET /v1/sites/{site}/endpoints': {
    summary: 'Every endpoint with its present state.',
    answers: { 200: EndpointList },
  },
  'POST /v1/sites/{site}/tickets': {
    summary: 'A ticket that opens one WebSocket, once, within 60 seconds.',
    answers: { 201: TicketIssued },
  },
} as const
