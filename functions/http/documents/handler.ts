import { httpHandler } from '../http-handler.ts'
import { answer } from '../request.ts'
import { openApi } from './openapi.ts'

export const handler = httpHandler('GET /v1/openapi.json', async ({ headers }) =>
  answer(200, openApi(`https://${headers['host'] ?? 'localhost'}`)),
)
