import type { Context, ScheduledEvent, SQSEvent } from 'aws-lambda'
import * as v from 'valibot'
import { config } from '../../config.ts'
import { TickQueue } from '../../gateways/tick-queue.ts'
import { describeError, logOutcome } from '../../log.ts'
import { fanOutDependencies, scheduledTasks } from './dependencies.ts'
import { OutcomeMessage } from './publish-outcome.ts'
import { ReapMessage } from './reap-call.ts'
import { openReaping } from './reaping.ts'
import { dutiesOf, sendTicks } from './tick.ts'

const queue = new TickQueue(config('QUEUE_WATCH').QUEUE_WATCH)
const mindCall = openReaping(queue, fanOutDependencies)
const Asked = v.union([ReapMessage, OutcomeMessage, v.looseObject({ part: v.pipe(v.number(), v.integer()) })])

/** Left for what is under way when no more is begun. */
const reserveMs = 3_000

/** Invoked each minute by the clock, which sends ticks to the queue, and by the queue for each of them. */
export async function handler(event: ScheduledEvent | SQSEvent, context: Context): Promise<void> {
  if (!('Records' in event)) return sendTicks(queue)
  const until = Date.now() + context.getRemainingTimeInMillis() - reserveMs
  for (const record of event.Records) {
    const asked = v.parse(Asked, JSON.parse(record.body))
    if (v.is(ReapMessage, asked) || v.is(OutcomeMessage, asked)) {
      await mindCall(asked, Date.now())
      continue
    }
    for (const duty of dutiesOf(asked, scheduledTasks)) {
      const started = Date.now()
      try {
        const count = await duty.run(until)
        logOutcome('info', 'duty', { duty: duty.name, ms: Date.now() - started, ...count })
      } catch (error) {
        // The next tick does it again; SQS would only bring this one late.
        logOutcome('error', 'duty-failed', { duty: duty.name, error: describeError(error) })
      }
    }
  }
}
