import type { Context, ScheduledEvent, SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { logOutcome } from '../../log.ts'
import { dependencies } from './dependencies.ts'
import { handleMessages } from './handle-messages.ts'
import { sweep } from './sweep.ts'

/** No page of due retries is started in the last seconds of an invocation. */
const reserveMs = 5_000

/** Handles the `deliveries` queue, and each minute sends the retries that are due. */
export async function handler(event: ScheduledEvent | SQSEvent, context: Context): Promise<SQSBatchResponse> {
  if (!('Records' in event)) {
    const until = Date.now() + context.getRemainingTimeInMillis() - reserveMs
    const count = await sweep({ ...dependencies, until })
    if (count.due > 0) logOutcome('info', 'deliveries-due', { ...count })
    return { batchItemFailures: [] }
  }
  const failed = await handleMessages(event.Records, dependencies)
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) }
}
