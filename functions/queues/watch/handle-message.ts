import * as v from 'valibot'
import { describeError, logOutcome } from '../../log.ts'
import { handleCallMessage, scheduledTasks } from './dependencies.ts'
import { OutcomeMessage } from './publish-outcome.ts'
import { ReapMessage } from './reap-call.ts'
import { tasksOf } from './tick.ts'

const TickMessage = v.looseObject({ part: v.pipe(v.number(), v.integer()) })
const Message = v.union([ReapMessage, OutcomeMessage, TickMessage])

/** Handles one message of the watch's queue; a tick starts no work on another item after `until` (Unix milliseconds). */
export async function handleMessage(body: string, until: number): Promise<void> {
  const message = v.parse(Message, JSON.parse(body))
  if (v.is(ReapMessage, message) || v.is(OutcomeMessage, message)) return handleCallMessage(message, Date.now())
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
