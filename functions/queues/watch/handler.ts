import type { Context, ScheduledEvent, SQSEvent } from 'aws-lambda'
import * as v from 'valibot'
import { describeError, logOutcome } from '../../log.ts'
import { handleCallMessage, queue, scheduledTasks } from './dependencies.ts'
import { OutcomeMessage } from './publish-outcome.ts'
import { ReapMessage } from './reap-call.ts'
import { sendTicks, tasksOf } from './tick.ts'

const TickMessage = v.looseObject({ part: v.pipe(v.number(), v.integer()) })
const Message = v.union([ReapMessage, OutcomeMessage, TickMessage])

/** No task starts an item in the last seconds of an invocation; what it has started needs them to end. */
const reserveMs = 3_000

/** Runs each minute by a schedule, which queues the minute's ticks, and once for each message of the queue. */
export async function handler(event: ScheduledEvent | SQSEvent, context: Context): Promise<void> {
  if (!('Records' in event)) return sendTicks(queue)
  const until = Date.now() + context.getRemainingTimeInMillis() - reserveMs
  for (const record of event.Records) {
    const message = v.parse(Message, JSON.parse(record.body))
    if (v.is(ReapMessage, message) || v.is(OutcomeMessage, message)) {
      await handleCallMessage(message, Date.now())
      continue
    }
    for (const { name, run } of tasksOf(message, scheduledTasks)) {
      const started = Date.now()
      try {
        const count = await run(until)
        logOutcome('info', 'task', { task: name, ms: Date.now() - started, ...count })
      } catch (error) {
        // The message is not retried: the next tick runs the task again, and a redelivery would come later than that.
        logOutcome('error', 'task-failed', { task: name, error: describeError(error) })
      }
    }
  }
}
