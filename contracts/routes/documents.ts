import * as v from 'valibot'

export const documentRoutes = {
  'GET /v1/openapi.json': {
    function: 'documents',
    needs: 'anyone',
    summary: 'This document.',
    answers: { 200: v.looseObject({ openapi: v.string(), paths: v.looseObject({}) }) },
  },
  'GET /v1/asyncapi.json': {
    function: 'documents',
    needs: 'anyone',
    summary: 'The WebSocket, as an AsyncAPI 3.1 document.',
    answers: { 200: v.looseObject({ asyncapi: v.string(), channels: v.looseObject({}) }) },
  },
} as const
