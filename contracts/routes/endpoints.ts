import * as v from 'valibot'
import { Endpoint, EndpointList, EndpointQuery } from '../http.ts'
import { ifNoneMatch } from './parameters.ts'

export const endpointRoutes = {
  'GET /v1/sites/{site}/endpoints': {
    function: 'endpoints',
    needs: 'presence:read',
    personal: 'presence',
    summary: 'Every endpoint with its present state, its calls now, what its user set, and its messages.',
    query: EndpointQuery,
    headers: ifNoneMatch,
    answers: { 200: EndpointList, 304: v.undefined() },
  },
  'GET /v1/sites/{site}/endpoints/{id}': {
    function: 'endpoints',
    needs: 'presence:read',
    personal: 'presence',
    summary: 'One endpoint, by its name or number: `5860` or `60`.',
    headers: ifNoneMatch,
    answers: { 200: Endpoint, 304: v.undefined() },
  },
} as const
