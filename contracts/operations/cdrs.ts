import * as v from 'valibot'
import { CdrPage } from '../http.ts'
import { pageRowsMax } from '../limits.ts'
import { Timestamp } from '../names.ts'

export const CdrQuery = v.looseObject({
  from: v.optional(Timestamp),
  to: v.optional(Timestamp),
  cursor: v.optional(v.string()),
  limit: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,4}$/, 'a whole number'),
      v.transform(Number),
      v.minValue(1),
      v.maxValue(pageRowsMax),
    ),
  ),
})
export type CdrQuery = v.InferOutput<typeof CdrQuery>

export const cdrOperations = {
  'GET /v1/sites/{site}/cdrs': {
    summary: 'A page of the call log, newest first.',
    query: CdrQuery,
    answers: { 200: CdrPage },
  },
} as const
