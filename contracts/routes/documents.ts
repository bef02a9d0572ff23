import * as v from 'valibot'
import type { RouteGroup } from './route.ts'

export const documentRoutes = {
  'GET /v1/openapi.json': {
    summary: 'Describes the HTTP API as an OpenAPI 3.1 document.',
    function: 'documents',
    needs: 'anyone',
    answers: { 200: v.looseObject({ openapi: v.string(), paths: v.looseObject({}) }) },
    example: { answer: { openapi: '3.1.1', paths: {} } },
  },
  'GET /v1/asyncapi.json': {
    summary: 'Describes the WebSocket as an AsyncAPI 3.1 document.',
    function: 'documents',
    needs: 'anyone',
    answers: { 200: v.looseObject({ asyncapi: v.string(), channels: v.looseObject({}) }) },
    example: { answer: { asyncapi: '3.1.0', channels: {} } },
  },
} as const satisfies RouteGroup
