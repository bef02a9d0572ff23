import { importRoutes } from '../../../contracts/routes/imports.ts'
import { config } from '../../config.ts'
import { CallLogStore } from '../../stores/call-log.ts'
import { CdrStore } from '../../stores/cdrs.ts'
import { DirtyHourStore } from '../../stores/dirty-hours.ts'
import { cachedLocale } from '../../stores/locale.ts'
import { documentClient } from '../../stores/table.ts'
import { httpHandler } from '../http-handler.ts'
import { answer } from '../request.ts'
import { importCdrs } from './import-cdrs.ts'

const env = config('TABLE_RECORDS', 'TABLE_LIVE')
const db = documentClient()
const stores = {
  cdrs: new CdrStore(db, env.TABLE_RECORDS),
  log: new CallLogStore(db, env.TABLE_RECORDS),
  hours: new DirtyHourStore(db, env.TABLE_RECORDS),
}
const localeOf = cachedLocale(db, env.TABLE_LIVE, Date.now)

export const handler = httpHandler(importRoutes, 'imports', {
  'POST /v1/sites/{site}/cdrs/import': async ({ site, body, now }) => {
    const importing = { ...stores, numbering: await localeOf(site), importId: body.import, now }
    const result = await importCdrs(site, body.rows, importing)
    return answer(200, result)
  },
})
