import * as v from 'valibot'
import { field } from '../field.ts'
import { Queue } from '../queues.ts'
import { timeExample } from './examples.ts'
import { ifNoneMatch, sitePath } from './parameters.ts'
import type { RouteGroup } from './route.ts'

const QueueList = v.looseObject({
  lastHeard: v.optional(field(v.string(), 'When the bridge of the site last sent a message; absent if it never did.')),
  queues: v.array(Queue),
})
export type QueueList = v.InferOutput<typeof QueueList>

export const queueRoutes = {
  'GET /v1/sites/{site}/queues': {
    summary: 'Lists the queues with their members and waiting callers.',
    function: 'endpoints',
    needs: 'presence:read',
    personal: 'presence',
    path: sitePath,
    headers: ifNoneMatch,
    answers: { 200: QueueList, 304: v.undefined() },
    example: {
      answer: {
        lastHeard: timeExample,
        queues: [
          {
            queue: '400',
            strategy: 'ringall',
            waiting: 1,
            longestWaitSince: timeExample,
            members: [
              {
                interface: 'Local/60@from-queue/n',
                stateInterface: 'PJSIP/5860',
                name: 'Marie Durand',
                extension: '60',
                state: 'INUSE',
                since: timeExample,
                penalty: 0,
                callsTaken: 12,
                lastCallAt: timeExample,
                membership: 'static',
              },
            ],
            callers: [{ uniqueid: '1795460594.14', position: 1, number: '0612345678', name: '', since: timeExample }],
          },
        ],
      },
    },
  },
} as const satisfies RouteGroup
