import { documentRoutes } from '../../../contracts/routes/documents.ts'
import { config } from '../../config.ts'
import { httpHandler } from '../http-handler.ts'
import { answer } from '../request.ts'
import { asyncApi } from './asyncapi.ts'
import { openApi } from './openapi.ts'

const { SOCKET_ENDPOINT } = config('SOCKET_ENDPOINT')

export const handler = httpHandler(documentRoutes, 'documents', {
  'GET /v1/openapi.json': async ({ headers }) => answer(200, openApi(`https://${headers['host'] ?? 'localhost'}`)),
  'GET /v1/asyncapi.json': async () => answer(200, asyncApi(SOCKET_ENDPOINT)),
})
