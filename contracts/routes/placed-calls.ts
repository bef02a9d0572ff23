import * as v from 'valibot'
import { Call } from '../calls.ts'
import { field } from '../field.ts'

const text = v.pipe(v.string(), v.minLength(1), v.maxLength(40))

export const CallRequest = v.strictObject({
  /** The phone that rings first: an endpoint, `PJSIP/5860` or `5860`. */
  from: v.pipe(text, v.regex(/^(PJSIP\/)?[A-Za-z0-9_.-]{1,30}$/, 'an endpoint, such as PJSIP/5860')),
  /** An extension, or a number as it is written. */
  to: v.pipe(text, v.regex(/^\+?[0-9][0-9 ().-]{0,30}$/, 'digits, spaces, dots, hyphens, a + before them')),
  callerId: v.optional(v.pipe(text, v.regex(/^\+?[0-9][0-9 ().-]{0,30}$/, 'one of the numbers of the site'))),
  timeoutSeconds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(5), v.maxValue(300))),
  metadata: v.optional(
    v.pipe(
      v.record(v.pipe(v.string(), v.maxLength(40)), v.pipe(v.string(), v.maxLength(200))),
      v.maxEntries(10, 'ten at most'),
    ),
  ),
})
export type CallRequest = v.InferOutput<typeof CallRequest>

const idempotencyKey = v.looseObject({
  'idempotency-key': field(
    v.string(),
    'A new random key for each call, 1 to 255 visible characters. A request that is sent again with its key rings nothing twice.',
    '3f9a8c1e5b7d42a0',
  ),
})

export const placedCallRoutes = {
  'POST /v1/sites/{site}/calls': {
    function: 'placedCalls',
    needs: 'calls:write',
    dials: true,
    summary: 'Rings a phone of the site and, once it is answered, the number asked for. Needs an Idempotency-Key.',
    headers: idempotencyKey,
    body: CallRequest,
    answers: { 202: Call },
  },
  'DELETE /v1/sites/{site}/calls/{id}': {
    function: 'placedCalls',
    needs: 'calls:write',
    summary: 'Cancels a call before it is answered, hangs up one that is live.',
    answers: { 202: Call },
  },
} as const
