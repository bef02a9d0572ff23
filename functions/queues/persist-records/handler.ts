import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { config } from '../../config.ts'
import { DeadLetters } from '../../gateways/dead-letters.ts'
import { AccessStore } from '../../stores/access.ts'
import { CdrStore } from '../../stores/cdrs.ts'
import { documentClient } from '../../stores/table.ts'
import { cachedKeys } from '../open-batch.ts'
import { persistMessage } from './persist-records.ts'

const env = config('TABLE_ACCESS', 'TABLE_RECORDS', 'DEAD_RECORDS')
const db = documentClient()
const keys = cachedKeys(new AccessStore(db, env.TABLE_ACCESS), Date.now)
const log = new CdrStore(db, env.TABLE_RECORDS)
const aside = new DeadLetters(env.DEAD_RECORDS)

/** A message is not begun with less time left than this: a full body takes about a second. */
const reserveMs = 3_000

/** The `records` queue: each message succeeds or fails by itself. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const batchItemFailures: SQSBatchResponse['batchItemFailures'] = []
  for (const record of event.Records) {
    const timely = context.getRemainingTimeInMillis() > reserveMs
    if (timely && (await persistMessage(record, { keys, log, aside }))) continue
    batchItemFailures.push({ itemIdentifier: record.messageId })
  }
  return { batchItemFailures }
}
