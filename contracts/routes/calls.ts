import * as v from 'valibot'
import { Call } from '../calls.ts'
import { TimeLine } from '../time-line.ts'
import { SearchQuery, wholeNumber } from './cdrs.ts'
import { ifNoneMatch } from './parameters.ts'

/** A page of calls; with `state=live` those under way, of which there is one page. */
export const CallQuery = v.looseObject({
  ...SearchQuery.entries,
  state: v.optional(v.picklist(['live', 'ended'])),
})
export type CallQuery = v.InferOutput<typeof CallQuery>

export const OneCallQuery = v.looseObject({ wait: v.optional(v.pipe(wholeNumber, v.minValue(1), v.maxValue(25))) })

/** Newest first unless asked otherwise; a page short of its limit has a cursor where there may be more. */
export const CallPage = v.looseObject({ calls: v.array(Call), cursor: v.optional(v.string()) })
export type CallPage = v.InferOutput<typeof CallPage>

/** With `fields` each item has those alone. */
const CallFieldsPage = v.looseObject({ calls: v.array(v.partial(Call)), cursor: v.optional(v.string()) })

export const callRoutes = {
  'GET /v1/sites/{site}/calls': {
    function: 'calls',
    needs: 'calls:read',
    personal: 'calls',
    summary: 'A page of calls, each with its story: those of the archive, or those under way.',
    query: CallQuery,
    headers: ifNoneMatch,
    answers: { 200: v.union([CallPage, CallFieldsPage]), 304: v.undefined() },
  },
  'GET /v1/sites/{site}/calls/{id}': {
    function: 'calls',
    needs: 'calls:read',
    personal: 'calls',
    summary:
      'One call by its linkedid, with its CDRs once it has ended. With `wait`, its next change within as many seconds.',
    query: OneCallQuery,
    headers: ifNoneMatch,
    answers: { 200: Call, 304: v.undefined() },
  },
  'GET /v1/sites/{site}/calls/{id}/events': {
    function: 'calls',
    needs: 'calls:read',
    personal: 'calls',
    summary: 'What happened to a call, and when word of it passed each hop.',
    headers: ifNoneMatch,
    answers: { 200: TimeLine, 304: v.undefined() },
  },
} as const
