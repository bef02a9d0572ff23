import * as v from 'valibot'
import { CallResult, Direction } from '../calls.ts'
import { Cdr } from '../cdr.ts'
import { CdrPage } from '../http.ts'
import { pageRowsMax } from '../limits.ts'
import { ifNoneMatch } from './parameters.ts'

/** Longer than any number with its decoration; what is longer is no search. */
const filterCharsMax = 100
const shortText = v.pipe(v.string(), v.minLength(1), v.maxLength(filterCharsMax))
export const wholeNumber = v.pipe(v.string(), v.regex(/^\d{1,9}$/, 'a whole number'), v.transform(Number))
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
  minDuration: v.optional(wholeNumber),
  accountcode: v.optional(shortText),
  order: v.optional(v.picklist(['newest', 'oldest'])),
  cursor: v.optional(v.pipe(v.string(), v.maxLength(3_000))),
  limit: v.optional(v.pipe(wholeNumber, v.minValue(1), v.maxValue(pageRowsMax))),
  fields: v.optional(
    v.pipe(v.string(), v.maxLength(500), v.regex(/^[a-z]\w*(,[a-z]\w*)*$/i, 'names with commas between')),
  ),
})
export type SearchQuery = v.InferOutput<typeof SearchQuery>

const CdrFieldsPage = v.looseObject({ cdrs: v.array(v.partial(Cdr)), cursor: v.optional(v.string()) })

export const cdrRoutes = {
  'GET /v1/sites/{site}/cdrs': {
    function: 'cdrs',
    needs: 'cdrs:read',
    personal: 'cdrs',
    summary: 'A page of the call detail records that a search finds.',
    query: SearchQuery,
    headers: ifNoneMatch,
    answers: { 200: v.union([CdrPage, CdrFieldsPage]), 304: v.undefined() },
  },
} as const
