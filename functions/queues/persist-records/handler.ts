import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { config } from '../../config.ts'
import { DeadLetters } from '../../gateways/dead-letters.ts'
import { describeError, logOutcome } from '../../log.ts'
import { AccessStore } from '../../stores/access.ts'
import { CdrStore } from '../../stores/cdrs.ts'
import { documentClient } from '../../stores/table.ts'
import { cachedKeys, openMessage } from '../open-batch.ts'
import { persistRecords } from './persist-records.ts'

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
    const done = context.getRemainingTimeInMillis() > reserveMs && (await persist(record))
    if (!done) batchItemFailures.push({ itemIdentifier: record.messageId })
  }
  return { batchItemFailures }
}

async function persist(record: SQSEvent['Records'][number]): Promise<boolean> {
  try {
    const message = await openMessage(record, keys)
    if (!message) return false
    const count = await persistRecords(message, { log, aside })
    logOutcome('info', 'records', { site: message.site, ...count })
    return true
  } catch (error) {
    logOutcome('error', 'records-failed', { messageId: record.messageId, error: describeError(error) })
    return false
  }
}
