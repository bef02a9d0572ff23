import type { Context, EventBridgeEvent } from 'aws-lambda'
import { createDependencies } from './dependencies.ts'
import { removeData } from './remove-data.ts'

/** Time left for the receipt when a pass has to stop. */
const reserveMs = 3_000

/** Each minute: deletions and erasures. Due times are told by the schedule's own time. */
export async function handler(event: EventBridgeEvent<string, unknown>, context: Context): Promise<void> {
  await removeData(
    createDependencies(() => context.getRemainingTimeInMillis() < reserveMs),
    Date.parse(event.time),
  )
}
