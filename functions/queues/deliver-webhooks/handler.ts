import type { Context, ScheduledEvent, SQSBatchResponse, SQSEvent } from 'aws-lambda'
import * as v from 'valibot'
import { DeliveryMessage } from '../../gateways/delivery-queue.ts'
import { logOutcome } from '../../log.ts'
import { deliverAll } from './deliver.ts'
import { dependencies } from './dependencies.ts'
import { sweep } from './sweep.ts'

/** No page of due retries is started in the last seconds of an invocation. */
const reserveMs = 5_000

/** Handles the `deliveries` queue, and each minute sends the retries that are due. */
export async function handler(event: ScheduledEvent | SQSEvent, context: Context): Promise<SQSBatchResponse> {
  if (!('Records' in event)) {
    const until = Date.now() + context.getRemainingTimeInMillis() - reserveMs
    const count = await sweep({ ...dependencies, until })
    if (count.due > 0) logOutcome('info', 'deliveries-due', count)
    return { batchItemFailures: [] }
  }
  const messages = event.Records.map(({ messageId, body }) => ({
    messageId,
    message: v.parse(DeliveryMessage, JSON.parse(body)),
  }))
  const failed = await deliverAll(
    messages.map(({ message }) => message),
    dependencies,
  )
  const ids = messages.filter(({ message }) => failed.includes(message)).map(({ messageId }) => messageId)
  return { batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) }
}
