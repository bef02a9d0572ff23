import type { Context, ScheduledEvent, SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { readMessage } from '../../gateways/delivery-queue.ts'
import { logOutcome } from '../../log.ts'
import { deliverAll } from './deliver.ts'
import { dependencies } from './dependencies.ts'
import { replayAll } from './replay.ts'
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
  const messages = event.Records.map(({ messageId, body }) => ({ messageId, message: readMessage(body) }))
  const failed: unknown[] = [
    ...(await deliverAll(
      messages.flatMap(({ message: { delivery } }) => delivery ?? []),
      dependencies,
    )),
    ...(await replayAll(
      messages.flatMap(({ message: { page } }) => page ?? []),
      dependencies,
    )),
  ]
  const ids = messages
    .filter(({ message }) => failed.includes(message.delivery ?? message.page))
    .map(({ messageId }) => messageId)
  return { batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) }
}
