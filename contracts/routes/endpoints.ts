import * as v from 'valibot'
import { BridgeStatus } from '../bridge-status.ts'
import { field } from '../field.ts'
import { Endpoint, EndpointList, EndpointQuery } from '../http.ts'
import { endpointExample, timeExample } from './examples.ts'
import { ifNoneMatch, sitePath } from './parameters.ts'
import type { RouteGroup } from './route.ts'

const pbx = { state: 'up', since: timeExample }

export const endpointRoutes = {
  'GET /v1/sites/{site}/endpoints': {
    summary: 'Lists the endpoints with their device states, calls, settings and waiting messages.',
    function: 'endpoints',
    needs: 'presence:read',
    personal: 'presence',
    path: sitePath,
    query: EndpointQuery,
    headers: ifNoneMatch,
    answers: { 200: EndpointList, 304: v.undefined() },
    example: { answer: { lastHeard: timeExample, pbx, endpoints: [endpointExample] } },
  },
  'GET /v1/sites/{site}/endpoints/{id}': {
    summary: 'Answers one endpoint.',
    function: 'endpoints',
    needs: 'presence:read',
    personal: 'presence',
    path: { ...sitePath, id: field(v.string(), 'Resource or number of the endpoint: `5860` or `60`.', '5860') },
    headers: ifNoneMatch,
    answers: { 200: Endpoint, 304: v.undefined() },
    errors: { 'endpoint-unknown': { status: 404, when: 'The site has no such endpoint.' } },
    example: { answer: endpointExample },
  },
  'GET /v1/sites/{site}/bridge': {
    summary:
      'Answers whether the bridge of the site is connected, whether it reaches the PBX, and what its checks found.',
    function: 'endpoints',
    needs: 'presence:read',
    path: sitePath,
    answers: { 200: BridgeStatus },
    example: {
      answer: {
        bridge: { state: 'connected', since: timeExample, version: '0.1.0' },
        pbx: { ...pbx, version: '22.4.1' },
        lastHeard: timeExample,
        checks: [
          { id: 'clock', state: 'ok' },
          {
            id: 'cdr-growth',
            state: 'warning',
            reason: '3 calls ended and no record was written',
            repair: 'In cdr.conf: batch = no',
          },
        ],
        lastGap: { from: timeExample, to: timeExample, reason: 'no answer to pings' },
      },
    },
  },
} as const satisfies RouteGroup
