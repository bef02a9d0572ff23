import { documentRoutes } from '../../../contracts/routes/documents.ts'
import { config } from '../../config.ts'
import { httpHandler } from '../http-handler.ts'
import type { HttpEvent } from '../input.ts'
import { answer } from '../request.ts'
import { asyncApi } from './asyncapi.ts'
import { openApi } from './openapi.ts'
import { answerUnknownRoute } from './unknown-route.ts'

const { SOCKET_ENDPOINT } = config('SOCKET_ENDPOINT')

const serveDocument = httpHandler(documentRoutes, 'documents', {
  'GET /v1/openapi.json': async ({ domainName }) => answer(200, openApi(`https://${domainName}`)),
  'GET /v1/asyncapi.json': async () => answer(200, asyncApi(SOCKET_ENDPOINT)),
})

export async function handler(event: HttpEvent) {
  return event.routeKey === '$default' ? answerUnknownRoute(event) : serveDocument(event)
}
