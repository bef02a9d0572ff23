import * as v from 'valibot'
import { field } from '../field.ts'
import { ListenedPage, ListenerMade, ListenerRequest, listenersOfSiteMax } from '../listener.ts'
import { deliveryExample, timeExample } from './examples.ts'
import { sitePath } from './parameters.ts'
import type { RouteGroup } from './route.ts'
import { scopeNotHeld } from './route-errors.ts'

const id = 'li_3f9a8c1e5b7d42a0'
const cursor = '1795460594000'
const listenerPath = { ...sitePath, listener: field(v.string(), 'Id of the listener.', id) }
const listenerUnknown = {
  'listener-unknown': { status: 404, when: 'The listener has ended, or another key made it: make a new one.' },
}

export const listenerRoutes = {
  'POST /v1/sites/{site}/listeners': {
    summary: 'Makes a listener: events of the site wait for a developer’s machine, signed as those of a webhook.',
    function: 'webhooks',
    needs: 'webhooks:manage',
    path: sitePath,
    body: ListenerRequest,
    answers: { 201: ListenerMade },
    errors: {
      ...scopeNotHeld,
      'listener-limit': {
        status: 409,
        when: `The site has its maximum of ${listenersOfSiteMax} listeners: end one, or wait until it ends by itself.`,
      },
    },
    example: {
      body: { types: ['call.*'] },
      answer: { id, secret: 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX', expiresAt: timeExample, cursor },
    },
  },
  'GET /v1/sites/{site}/listeners/{listener}/requests': {
    summary:
      'Answers what happened since the cursor, as the requests that a webhook would send now, and keeps the listener.',
    function: 'webhooks',
    needs: 'webhooks:manage',
    path: listenerPath,
    query: v.looseObject({
      cursor: field(
        v.pipe(v.string(), v.regex(/^\d{13}(-evt_[0-9a-f]{32}~)?$/, 'Not a cursor: send the one of the last answer.')),
        'The cursor of the last answer.',
        cursor,
      ),
    }),
    answers: { 200: ListenedPage },
    errors: listenerUnknown,
    example: {
      answer: {
        requests: [
          {
            event: deliveryExample.event,
            type: 'call.ended',
            time: timeExample,
            headers: { 'webhook-id': deliveryExample.event },
            body: '{"specversion":"1.0"}',
          },
        ],
        cursor,
        isMore: false,
      },
    },
  },
  'DELETE /v1/sites/{site}/listeners/{listener}': {
    summary: 'Ends a listener.',
    function: 'webhooks',
    needs: 'webhooks:manage',
    path: listenerPath,
    answers: { 204: v.undefined() },
    errors: listenerUnknown,
    example: {},
  },
} as const satisfies RouteGroup
