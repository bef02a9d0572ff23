import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { persisting } from './dependencies.ts'
import { persistMessage } from './persist-records.ts'

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
