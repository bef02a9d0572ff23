import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { config } from '../../config.ts'
import { DeadLetters } from '../../gateways/dead-letters.ts'
import { BridgeStore } from '../../stores/bridges.ts'
import { CdrStore } from '../../stores/cdrs.ts'
import { DirtyHourStore } from '../../stores/dirty-hours.ts'
import { cachedLocale } from '../../stores/locale.ts'
import { PlacedCallStore } from '../../stores/placed-calls.ts'
import { documentClient } from '../../stores/table.ts'
import { TimeLineStore } from '../../stores/time-lines.ts'
import { VerifiedDayStore } from '../../stores/verified-days.ts'
import { cachedKeys } from '../open-batch.ts'
import { persistMessage } from './persist-records.ts'

const env = config('TABLE_ACCESS', 'TABLE_RECORDS', 'TABLE_LIVE', 'DEAD_RECORDS')
const db = documentClient()
const persisting = {
  keys: cachedKeys(new BridgeStore(db, env.TABLE_ACCESS), Date.now),
  log: new CdrStore(db, env.TABLE_RECORDS),
  aside: new DeadLetters(env.DEAD_RECORDS),
  hours: new DirtyHourStore(db, env.TABLE_RECORDS),
  placed: new PlacedCallStore(db, env.TABLE_LIVE),
  timeLines: new TimeLineStore(db, env.TABLE_LIVE),
  numberingOf: cachedLocale(db, env.TABLE_LIVE, Date.now),
  days: new VerifiedDayStore(db, env.TABLE_RECORDS),
  now: Date.now,
}

/** A message is not begun with less time left than this: a full body takes about a second. */
const reserveMs = 3_000

/** The `records` queue: each message succeeds or fails by itself. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const failed: string[] = []
  for (const record of event.Records) {
    const timely = context.getRemainingTimeInMillis() > reserveMs
    if (!timely || !(await persistMessage(record, persisting))) failed.push(record.messageId)
  }
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) }
}
