import type { Context, EventBridgeEvent } from 'aws-lambda'
import type { Cdr } from '../../../contracts/cdr.ts'
import { config } from '../../config.ts'
import { cdrShape } from '../../domain/personal/shapes.ts'
import { hide } from '../../domain/personal.ts'
import { ExportFiles } from '../../gateways/export-files.ts'
import { beginOfAll, exportCdrs } from '../../http/exports/export-cdrs.ts'
import { secrets } from '../../secrets.ts'
import { CallLogStore } from '../../stores/call-log.ts'
import { ExportJobStore } from '../../stores/export-jobs.ts'
import { cachedLocale } from '../../stores/locale.ts'
import { documentClient } from '../../stores/table.ts'
import { type WriteExportsDependencies, writeExports } from './write-export.ts'

const env = config('TABLE_RECORDS', 'TABLE_LIVE', 'BUCKET_EXPORTS')
const db = documentClient()
const log = new CallLogStore(db, env.TABLE_RECORDS)
const jobs = new ExportJobStore(db, env.TABLE_RECORDS)
const files = new ExportFiles(env.BUCKET_EXPORTS)
const localeOf = cachedLocale(db, env.TABLE_LIVE, Date.now)

/** No part is started with less time left than this: a part takes some seconds. */
const reserveMs = 15_000

/** Runs each minute and continues the exports that are under way. The time of the scheduled event says which are due. */
export async function handler(event: EventBridgeEvent<string, unknown>, context: Context): Promise<void> {
  const { cursorKey } = await secrets()
  const read: WriteExportsDependencies['read'] = async (job, query) => {
    const show = (cdr: Cdr) => (job.personal ? cdr : hide(cdrShape, cdr))
    const since = query.cursor === undefined ? job.everythingSince : undefined
    const cursor = since === undefined ? query.cursor : beginOfAll(job.site, since, Date.now(), cursorKey)
    // A cursor has its search. The filters are left out, since the site's numbering may have changed meanwhile.
    const { format, preset, separator, bom } = query
    return exportCdrs(job.site, cursor === undefined ? query : { format, preset, separator, bom, cursor }, {
      log,
      cursorKey,
      numbering: await localeOf(job.site),
      now: Date.now,
      personal: job.personal,
      show,
    })
  }
  const isOver = () => context.getRemainingTimeInMillis() < reserveMs
  await writeExports({ jobs, files, read, isOver, now: Date.parse(event.time) })
}
