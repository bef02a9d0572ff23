import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { dependencies } from './dependencies.ts'
import { persistMessage } from './persist-records.ts'

/** No message is started with less time left than this: a full body takes about a second. */
const reserveMs = 3_000

/** Handles the `records` queue. Each message succeeds or fails by itself. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const failed: string[] = []
  for (const record of event.Records) {
    const timely = context.getRemainingTimeInMillis() > reserveMs
    if (!timely || !(await persistMessage(record, dependencies))) failed.push(record.messageId)
  }
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) }
}
