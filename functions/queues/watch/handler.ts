import type { Context, ScheduledEvent, SQSEvent } from 'aws-lambda'
import { queue } from './dependencies.ts'
import { handleMessage } from './handle-message.ts'
import { sendTicks } from './tick.ts'

/** No task starts an item in the last seconds of an invocation; what it has started needs them to end. */
const reserveMs = 3_000

/** Runs each minute by a schedule, which queues the minute's ticks, and once for each message of the queue. */
export async function handler(event: ScheduledEvent | SQSEvent, context: Context): Promise<void> {
  if (!('Records' in event)) return sendTicks(queue)
  const until = Date.now() + context.getRemainingTimeInMillis() - reserveMs
  const failures: unknown[] = []
  for (const record of event.Records) {
    // One message that fails stops none of the others; SQS delivers the batch again.
    await handleMessage(record.body, until).catch((error: unknown) => failures.push(error))
  }
  if (failures.length > 0) throw failures[0]
}
