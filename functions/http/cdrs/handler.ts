import { cdrRoutes } from '../../../contracts/routes/cdrs.ts'
import { config } from '../../config.ts'
import { cdrShape } from '../../domain/personal/shapes.ts'
import { mask, seesPersonal } from '../../domain/personal.ts'
import { secrets } from '../../secrets.ts'
import { CallLogStore } from '../../stores/call-log.ts'
import { cachedLocale } from '../../stores/locale.ts'
import { documentClient } from '../../stores/table.ts'
import { httpHandler } from '../http-handler.ts'
import { checkSearchScope, conditionalAnswer } from '../search/conditional-answer.ts'
import { pick } from '../search/page.ts'
import { listCdrs } from './list-cdrs.ts'

const env = config('TABLE_RECORDS', 'TABLE_LIVE')
const db = documentClient()
const log = new CallLogStore(db, env.TABLE_RECORDS)
const localeOf = cachedLocale(db, env.TABLE_LIVE, Date.now)

export const handler = httpHandler(cdrRoutes, 'cdrs', {
  'GET /v1/sites/{site}/cdrs': async ({ caller, site, query, headers, now }) => {
    checkSearchScope(caller, 'cdrs', query)
    const [{ cursorKey }, numbering] = await Promise.all([secrets(), localeOf(site)])
    const personal = seesPersonal(caller, 'cdrs')
    const page = await listCdrs(site, query, { log, cursorKey, numbering, now: () => now, personal })
    const cdrs = page.cdrs.map((cdr) => pick(query.fields, mask(caller, 'cdrs', cdrShape, cdr)))
    return conditionalAnswer({ ...page, cdrs }, headers)
  },
})
