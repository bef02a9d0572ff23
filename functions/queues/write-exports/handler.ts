import type { Context, EventBridgeEvent } from 'aws-lambda'
import { config } from '../../config.ts'
import { ExportFiles } from '../../gateways/export-files.ts'
import { secrets } from '../../secrets.ts'
import { CallLogStore } from '../../stores/call-log.ts'
import { ExportJobStore } from '../../stores/export-jobs.ts'
import { cachedLocale } from '../../stores/locale.ts'
import { documentClient } from '../../stores/table.ts'
import { exportReader } from './export-reader.ts'
import { writeExports } from './write-export.ts'

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
  const read = exportReader({ log, cursorKey, localeOf })
  const isOver = () => context.getRemainingTimeInMillis() < reserveMs
  await writeExports({ jobs, files, read, isOver, now: Date.parse(event.time) })
}
