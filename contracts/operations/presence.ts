import { EndpointList } from '../http.ts'

export const presenceOperations = {
  'GET /v1/sites/{site}/endpoints': {
    summary: 'Every endpoint with its present state.',
    answers: { 200: EndpointList },
  },
} as const
