import { statsRoutes } from '../../../contracts/routes/stats.ts'
import { config } from '../../config.ts'
import { cachedLocale } from '../../stores/locale.ts'
import { documentClient } from '../../stores/table.ts'
import { TotalStore } from '../../stores/totals.ts'
import { httpHandler } from '../http-handler.ts'
import { conditionalAnswer } from '../search/conditional-answer.ts'
import { checkLineScope, getStats } from './get-stats.ts'

const env = config('TABLE_RECORDS', 'TABLE_LIVE')
const db = documentClient()
const totals = new TotalStore(db, env.TABLE_RECORDS)
const localeOf = cachedLocale(db, env.TABLE_LIVE, Date.now)

export const handler = httpHandler(statsRoutes, 'stats', {
  'GET /v1/sites/{site}/stats': async ({ caller, site, query, headers, now }) => {
    checkLineScope(caller, query.by)
    const { zone } = await localeOf(site)
    return conditionalAnswer(await getStats(site, query, { totals, zone, now }), headers)
  },
})
