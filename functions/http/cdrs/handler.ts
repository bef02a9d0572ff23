import { config } from '../../config.ts'
import { secrets } from '../../secrets.ts'
import { CdrStore } from '../../stores/cdrs.ts'
import { documentClient } from '../../stores/table.ts'
import { httpHandler, parseInput, siteKey } from '../http-handler.ts'
import { CdrQuery, listCdrs } from './list-cdrs.ts'

const log = new CdrStore(documentClient(), config('TABLE_RECORDS').TABLE_RECORDS)

export const handler = httpHandler('GET /v1/sites/{site}/cdrs', async (request) => {
  const { cursorKey } = await secrets()
  const query = parseInput(CdrQuery, request.query)
  return { status: 200, body: await listCdrs(siteKey(request).site, query, { log, cursorKey, now: Date.now }) }
})
