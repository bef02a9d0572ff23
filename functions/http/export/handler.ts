import type { Cdr } from '../../../contracts/cdr.ts'
import { config } from '../../config.ts'
import { cdrShape } from '../../domain/personal/shapes.ts'
import { mask } from '../../domain/personal.ts'
import { secrets } from '../../secrets.ts'
import { CallLogStore } from '../../stores/call-log.ts'
import { cachedLocale } from '../../stores/locale.ts'
import { documentClient } from '../../stores/table.ts'
import { httpHandler } from '../http-handler.ts'
import { answer } from '../request.ts'
import { checkSearch } from '../search/shown.ts'
import { exportCdrs } from './export-cdrs.ts'

const env = config('TABLE_RECORDS', 'TABLE_LIVE')
const db = documentClient()
const log = new CallLogStore(db, env.TABLE_RECORDS)
const localeOf = cachedLocale(db, env.TABLE_LIVE, Date.now)

export const handler = httpHandler('GET /v1/sites/{site}/cdrs/export', async ({ caller, site, query }) => {
  checkSearch(caller, 'cdrs', query)
  const [{ cursorKey }, numbering] = await Promise.all([secrets(), localeOf(site)])
  const show = (cdr: Cdr) => mask(caller, 'cdrs', cdrShape, cdr)
  const exported = await exportCdrs(site, query, { log, cursorKey, numbering, now: Date.now, show })
  const headers = {
    'content-type': exported.contentType,
    'content-disposition': `attachment; filename="${site}-cdrs.${query.format ?? 'csv'}"`,
    'switchhook-rows': String(exported.rows),
    ...(exported.cursor !== undefined && { 'switchhook-cursor': exported.cursor }),
  }
  return answer(200, exported.text, { headers })
})
