import { config } from '../../config.ts'
import { secrets } from '../../secrets.ts'
import { CdrStore } from '../../stores/cdrs.ts'
import { documentClient } from '../../stores/table.ts'
import { httpHandler } from '../http-handler.ts'
import { answer } from '../request.ts'
import { listCdrs } from './list-cdrs.ts'

const log = new CdrStore(documentClient(), config('TABLE_RECORDS').TABLE_RECORDS)

export const handler = httpHandler('GET /v1/sites/{site}/cdrs', async ({ caller, query }) => {
  const { cursorKey } = await secrets()
  return answer(200, await listCdrs(caller, query, { log, cursorKey, now: Date.now }))
})
