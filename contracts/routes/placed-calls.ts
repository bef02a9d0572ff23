import * as v from 'valibot'
import { Call } from '../calls.ts'
import { DialNumber } from '../dial-number.ts'
import { field } from '../field.ts'
import { maxCodePoints } from '../text.ts'
import { placedCallExample } from './examples.ts'
import { sitePath } from './parameters.ts'
import type { RouteGroup } from './route.ts'
import { bridgeOffline, dialDenied, numberUnknown } from './route-errors.ts'

const text = v.pipe(
  v.string(),
  v.minLength(1, 'Empty. Example: 5860.'),
  v.maxLength(40, 'Too long: at most 40 characters.'),
)

export const CallRequest = v.strictObject({
  from: field(
    v.pipe(text, v.regex(/^((PJSIP|SIP|IAX2)\/)?[A-Za-z0-9_.-]{1,30}$/, 'Not an endpoint. Example: PJSIP/5860.')),
    'The phone that rings first: its endpoint, with or without the technology (PJSIP, SIP or IAX2).',
    'PJSIP/5860',
  ),
  to: field(
    DialNumber,
    'The extension or telephone number that is called once the phone is answered.',
    '+33 1 23 45 67 89',
  ),
  callerId: v.optional(
    field(DialNumber, 'The number that the called side sees: one of `ownNumbers` of the site.', '+33123456700'),
  ),
  timeoutSeconds: v.optional(
    field(
      v.pipe(
        v.number(),
        v.integer('Not a whole number. Example: 30.'),
        v.minValue(5, 'Too short: at least 5 seconds.'),
        v.maxValue(300, 'Too long: at most 300 seconds.'),
      ),
      'How long the phone rings, in seconds; `callTimeoutSeconds` of the site by default.',
      30,
    ),
  ),
  metadata: v.optional(
    field(
      v.pipe(
        v.record(v.pipe(v.string(), maxCodePoints(40)), v.pipe(v.string(), maxCodePoints(200))),
        v.maxEntries(10, 'Too many entries: at most 10.'),
      ),
      'Up to ten texts of your own, which every answer about the call repeats.',
      { ticket: 'A-1207' },
    ),
  ),
})
export type CallRequest = v.InferOutput<typeof CallRequest>

const idempotencyKey = v.looseObject({
  'idempotency-key': field(
    v.string(),
    'A random key of 1 to 255 visible characters, new for each call. Sending a request again with its key rings no phone twice.',
    '3f9a8c1e5b7d42a0',
  ),
})

export const placedCallRoutes = {
  'POST /v1/sites/{site}/calls': {
    summary: 'Rings a phone of the site and, once it is answered, calls the given number.',
    function: 'placedCalls',
    needs: 'calls:write',
    dials: true,
    path: sitePath,
    headers: idempotencyKey,
    body: CallRequest,
    answers: { 202: Call },
    errors: {
      ...dialDenied,
      ...numberUnknown,
      ...bridgeOffline,
      'caller-id-not-owned': { status: 403, when: '`callerId` is not one of the numbers of the site.' },
      'key-frozen': { status: 403, when: 'The key reached a cap and was frozen; a key manager can unfreeze it.' },
      'caller-offline': { status: 409, when: 'The phone in `from` is not registered.' },
      'idempotency-in-progress': { status: 409, when: 'A request with this Idempotency-Key is being served.' },
      'idempotency-key-spent': {
        status: 409,
        when: 'The request with this Idempotency-Key failed before it rang a phone: use a new key.',
      },
      'idempotency-key-reused': { status: 422, when: 'This Idempotency-Key was sent with another body before.' },
      'call-cap-at-once': { status: 429, when: 'Too many calls of the site or key are in progress.' },
      'call-cap-minute': { status: 429, when: 'The site or key has placed its calls of this minute.' },
      'call-cap-day': { status: 429, when: 'The site or key has placed its calls of this day.' },
    },
    example: {
      body: { from: 'PJSIP/5860', to: '+33 1 23 45 67 89', metadata: { ticket: 'A-1207' } },
      answer: placedCallExample,
    },
  },
  'DELETE /v1/sites/{site}/calls/{id}': {
    summary: 'Cancels a call that is not answered yet, or hangs up a call in progress.',
    function: 'placedCalls',
    needs: 'calls:write',
    path: { ...sitePath, id: field(v.string(), 'Id of the call: its linkedid.', placedCallExample.call) },
    answers: { 202: Call },
    errors: { 'call-unknown': { status: 404, when: 'The site has no such call in progress.' } },
    example: { answer: placedCallExample },
  },
} as const satisfies RouteGroup
