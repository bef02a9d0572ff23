import * as v from 'valibot'
import { field } from '../field.ts'
import { Endpoint, EndpointList, EndpointQuery } from '../http.ts'
import { endpointExample, timeExample } from './examples.ts'
import { ifNoneMatch, sitePath } from './parameters.ts'
import type { RouteGroup } from './route.ts'

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
    example: { answer: { lastHeard: timeExample, endpoints: [endpointExample] } },
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
} as const satisfies RouteGroup
