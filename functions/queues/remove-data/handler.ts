import type { Context, EventBridgeEvent } from 'aws-lambda'
import { createDependencies } from './dependencies.ts'
import { removeData } from './remove-data.ts'

/** A pass stops this long before the invocation ends, so that it can still save its counts. */
const reserveMs = 3_000

/** Runs each minute and continues deletions and erasures. The time of the scheduled event says which are due. */
export async function handler(event: EventBridgeEvent<string, unknown>, context: Context): Promise<void> {
  await removeData(
    createDependencies(() => context.getRemainingTimeInMillis() < reserveMs),
    Date.parse(event.time),
  )
}
