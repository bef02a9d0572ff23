import type { Cdr } from '../../../contracts/cdr.ts'
import { exportRoutes } from '../../../contracts/routes/exports.ts'
import { config } from '../../config.ts'
import { cdrShape } from '../../domain/personal/shapes.ts'
import { mask, seesPersonal } from '../../domain/personal.ts'
import { ExportFiles } from '../../gateways/export-files.ts'
import { secrets } from '../../secrets.ts'
import { CallLogStore } from '../../stores/call-log.ts'
import { ExportJobStore } from '../../stores/export-jobs.ts'
import { cachedLocale } from '../../stores/locale.ts'
import { documentClient } from '../../stores/table.ts'
import { httpHandler } from '../http-handler.ts'
import { answer } from '../request.ts'
import { checkSearchScope } from '../search/conditional-answer.ts'
import { exportFile } from './export-file.ts'
import { findExport, requestExport } from './request-export.ts'

const env = config('TABLE_RECORDS', 'TABLE_LIVE', 'BUCKET_EXPORTS')
const db = documentClient()
const log = new CallLogStore(db, env.TABLE_RECORDS)
const jobs = new ExportJobStore(db, env.TABLE_RECORDS)
const files = new ExportFiles(env.BUCKET_EXPORTS)
const localeOf = cachedLocale(db, env.TABLE_LIVE, Date.now)

export const handler = httpHandler(exportRoutes, 'exports', {
  'GET /v1/sites/{site}/cdrs/export': async ({ caller, site, query }) => {
    checkSearchScope(caller, 'cdrs', query)
    const [{ cursorKey }, numbering] = await Promise.all([secrets(), localeOf(site)])
    const show = (cdr: Cdr) => mask(caller, 'cdrs', cdrShape, cdr)
    const personal = seesPersonal(caller, 'cdrs')
    const file = await exportFile(site, query, { log, cursorKey, numbering, now: Date.now, personal, show })
    return answer(200, file.body, { headers: file.headers })
  },
  'POST /v1/sites/{site}/cdrs/exports': async ({ caller, site, query, now }) => {
    checkSearchScope(caller, 'cdrs', query)
    return answer(202, await requestExport(site, query, { caller, now, jobs, numbering: await localeOf(site) }))
  },
  'GET /v1/sites/{site}/cdrs/exports/{export}': async ({ caller, site, path, now }) =>
    answer(200, await findExport(site, path.export, { caller, now, jobs, files })),
})
