import { queuesOf } from '../contracts/queue-view.ts'
import type { Queue } from '../contracts/queues.ts'
import type { Live } from './index.ts'

export type { Queue, QueueCaller, QueueMember } from '../contracts/queues.ts'

/** Returns the queues of a client that has subscribed to `queues`, each with its members and waiting callers. */
export function queues(live: Pick<Live, 'queues'>): Queue[] {
  return queuesOf([...live.queues.values()].map(({ state }) => state))
}
