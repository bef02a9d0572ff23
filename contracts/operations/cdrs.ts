import * as v from 'valibot'
import { Call, CallResult, Direction } from '../calls.ts'
import { Cdr } from '../cdr.ts'
import { CdrPage } from '../http.ts'
import { pageRowsMax } from '../limits.ts'
import { TimeLine } from '../time-line.ts'

/** Longer than any number with its decoration; what is longer is no search. */
const filterCharsMax = 100
const shortText = v.pipe(v.string(), v.minLength(1), v.maxLength(filterCharsMax))
const whole = v.pipe(v.string(), v.regex(/^\d{1,9}$/, 'a whole number'), v.transform(Number))
/** With `*` at its end: the first digits, at least three. */
const number = v.pipe(
  shortText,
  v.regex(
    /^\+?[\d\s().*#/-]*[\d#][\d\s().#/-]*\*?$|^\*[\d#]+\*?$|^[A-Za-z][\w.-]*$/,
    'a number, or its first digits and *',
  ),
)
/** RFC 3339 in UTC; `2026-02-30` matches and is refused below. */
const moment = v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/, 'RFC 3339 in UTC'))

/** What the call log is searched by. */
export const SearchQuery = v.looseObject({
  from: v.optional(moment),
  to: v.optional(moment),
  caller: v.optional(number),
  called: v.optional(number),
  party: v.optional(number),
  disposition: v.optional(v.picklist(['ANSWERED', 'NO ANSWER', 'BUSY', 'FAILED', 'CONGESTION'])),
  result: v.optional(CallResult),
  direction: v.optional(Direction),
  minDuration: v.optional(whole),
  accountcode: v.optional(shortText),
  order: v.optional(v.picklist(['newest', 'oldest'])),
  cursor: v.optional(v.pipe(v.string(), v.maxLength(3_000))),
  limit: v.optional(v.pipe(whole, v.minValue(1), v.maxValue(pageRowsMax))),
  fields: v.optional(
    v.pipe(v.string(), v.maxLength(500), v.regex(/^[a-z]\w*(,[a-z]\w*)*$/i, 'names with commas between')),
  ),
})
export type SearchQuery = v.InferOutput<typeof SearchQuery>

/** An export: a search, and how it is written. `limit` is of the rows in one answer. */
export const ExportQuery = v.looseObject({
  ...SearchQuery.entries,
  limit: v.optional(v.pipe(whole, v.minValue(1), v.maxValue(5_000))),
  format: v.optional(v.picklist(['csv', 'jsonl'])),
  /** `report`: date, appelant, appelé, durée. */
  preset: v.optional(v.picklist(['full', 'report'])),
  bom: v.optional(v.picklist(['yes', 'no'])),
})
export type ExportQuery = v.InferOutput<typeof ExportQuery>

/** A page of calls; with `state=live` those under way, of which there is one page. */
export const CallQuery = v.looseObject({
  ...SearchQuery.entries,
  state: v.optional(v.picklist(['live', 'ended'])),
})
export type CallQuery = v.InferOutput<typeof CallQuery>

export const OneCallQuery = v.looseObject({ wait: v.optional(v.pipe(whole, v.minValue(1), v.maxValue(25))) })

/** Newest first unless asked otherwise; a page short of its limit has a cursor where there may be more. */
export const CallPage = v.looseObject({ calls: v.array(Call), cursor: v.optional(v.string()) })
export type CallPage = v.InferOutput<typeof CallPage>

/** With `fields` each item has those alone. */
const CallFieldsPage = v.looseObject({ calls: v.array(v.partial(Call)), cursor: v.optional(v.string()) })
const CdrFieldsPage = v.looseObject({ cdrs: v.array(v.partial(Cdr)), cursor: v.optional(v.string()) })

export const cdrOperations = {
  'GET /v1/sites/{site}/cdrs': {
    summary: 'A page of the call detail records that a search finds.',
    query: SearchQuery,
    answers: { 200: v.union([CdrPage, CdrFieldsPage]), 304: v.undefined() },
  },
  'GET /v1/sites/{site}/cdrs/export': {
    summary:
      'Up to 5,000 call detail records as CSV or JSON lines; the header switchhook-cursor says where the next part begins.',
    query: ExportQuery,
    answers: { 200: v.string() },
    types: ['text/csv', 'application/jsonl'],
  },
  'GET /v1/sites/{site}/calls': {
    summary: 'A page of calls, each with its story: those of the archive, or those under way.',
    query: CallQuery,
    answers: { 200: v.union([CallPage, CallFieldsPage]), 304: v.undefined() },
  },
  'GET /v1/sites/{site}/calls/{id}': {
    summary:
      'One call by its linkedid, with its CDRs once it has ended. With `wait`, its next change within as many seconds.',
    query: OneCallQuery,
    answers: { 200: Call, 304: v.undefined() },
  },
  'GET /v1/sites/{site}/calls/{id}/events': {
    summary: 'What happened to a call, and when word of it passed each hop.',
    answers: { 200: TimeLine, 304: v.undefined() },
  },
} as const
