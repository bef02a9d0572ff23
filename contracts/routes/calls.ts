import * as v from 'valibot'
import { CallResult } from '../call-result.ts'
import { Call } from '../calls.ts'
import { field } from '../field.ts'
import { TimeLine } from '../time-line.ts'
import { SearchQuery } from './cdrs.ts'
import { callExample, timeExample } from './examples.ts'
import { ifNoneMatch, sitePath, wholeNumber } from './parameters.ts'
import type { RouteGroup } from './route.ts'
import { cursorInvalid } from './route-errors.ts'

const oneResult = `(?:${CallResult.options.join('|')})`
const resultList = v.pipe(
  v.string(),
  v.maxLength(200, 'Too long: at most 200 characters.'),
  v.regex(
    new RegExp(`^${oneResult}(?:,${oneResult})*$`),
    `Not a list of results: ${CallResult.options.join(', ')}. Example: no-answer,cancelled.`,
  ),
)

export const CallQuery = v.looseObject({
  ...SearchQuery.entries,
  result: v.optional(
    field(resultList, 'How the call ended: one result, or several with commas.', 'no-answer,cancelled'),
  ),
  state: v.optional(
    field(
      v.picklist(['live', 'ended'], 'Neither live nor ended.'),
      '`live` lists the calls in progress, all on one page, and ignores the other filters; `ended` by default.',
      'live',
    ),
  ),
})
export type CallQuery = v.InferOutput<typeof CallQuery>

export const OneCallQuery = v.looseObject({
  wait: v.optional(
    field(
      v.pipe(wholeNumber, v.minValue(1, 'Too small: at least 1.'), v.maxValue(25, 'Too large: at most 25.')),
      'Seconds to wait for the next change of the call before it is answered as it is.',
      '10',
    ),
  ),
})

export const CallPage = v.looseObject({
  calls: field(v.array(Call), 'Calls, newest first unless `order` says otherwise.'),
  cursor: v.optional(
    field(v.string(), 'Cursor of the next page. A page may be short of its limit and still have one.'),
  ),
})
export type CallPage = v.InferOutput<typeof CallPage>

/** The answer to a request with `fields`. */
const CallFieldsPage = v.looseObject({ calls: v.array(v.partial(Call)), cursor: v.optional(v.string()) })

const callPath = { ...sitePath, id: field(v.string(), "Asterisk's linkedid of the call.", callExample.call) }
const callUnknown = { 'call-unknown': { status: 404, when: 'The site has no such call, or no longer has it.' } }

export const callRoutes = {
  'GET /v1/sites/{site}/calls': {
    summary: 'Searches the calls and answers one page, each call with its story: ended calls, or those in progress.',
    function: 'calls',
    needs: 'calls:read',
    personal: 'calls',
    path: sitePath,
    query: CallQuery,
    headers: ifNoneMatch,
    answers: { 200: v.union([CallPage, CallFieldsPage]), 304: v.undefined() },
    errors: cursorInvalid,
    example: { answer: { calls: [callExample] } },
  },
  'GET /v1/sites/{site}/calls/{id}': {
    summary:
      'Answers one call, with its CDRs once it has ended. With `wait`, it answers at the next change of the call.',
    function: 'calls',
    needs: 'calls:read',
    personal: 'calls',
    path: callPath,
    query: OneCallQuery,
    headers: ifNoneMatch,
    answers: { 200: Call, 304: v.undefined() },
    errors: {
      ...callUnknown,
      'key-waits-exceeded': { status: 429, when: 'Five requests of the key wait already; see Retry-After.' },
      'site-waits-exceeded': { status: 429, when: 'Twenty requests of the site wait already; see Retry-After.' },
      'waits-exceeded': { status: 429, when: 'Too many requests of all sites wait; see Retry-After.' },
    },
    example: { answer: callExample },
  },
  'GET /v1/sites/{site}/calls/{id}/events': {
    summary: 'Lists the states of a call, and when the message about each passed each hop.',
    function: 'calls',
    needs: 'calls:read',
    personal: 'calls',
    path: callPath,
    headers: ifNoneMatch,
    answers: { 200: TimeLine, 304: v.undefined() },
    example: {
      answer: {
        call: callExample.call,
        events: [
          {
            v: '1795460000.0000000042',
            at: timeExample,
            state: 'ringing',
            callees: callExample.callees,
            hops: { lane: 'live', bridge: timeExample, queue: timeExample, function: timeExample },
          },
        ],
      },
    },
  },
} as const satisfies RouteGroup
