import * as v from 'valibot'
import { Direction } from '../calls.ts'
import { Cdr } from '../cdr.ts'
import { field } from '../field.ts'
import { CdrPage } from '../http.ts'
import { cdrExample } from './examples.ts'
import { cursor, ifNoneMatch, pageLimit, sitePath, wholeNumber } from './parameters.ts'
import type { RouteGroup } from './route.ts'
import { cursorInvalid } from './route-errors.ts'

/** Longer than any telephone number with spaces and punctuation. */
const filterCharsMax = 100
const shortText = v.pipe(
  v.string(),
  v.minLength(1, 'Empty: leave the parameter out instead.'),
  v.maxLength(filterCharsMax, `Too long: at most ${filterCharsMax} characters.`),
)
const number = v.pipe(
  shortText,
  v.regex(
    /^\+?[\d\s().*#/-]*[\d#][\d\s().#/-]*\*?$|^\*[\d#]+\*?$|^[A-Za-z][\w.-]*$/,
    'Not a number. Examples: 0123456789, or 0123* for numbers that begin with 0123.',
  ),
)
/** RFC 3339 in UTC. The use case refuses dates that do not exist, such as 2026-02-30. */
const moment = v.pipe(
  v.string(),
  v.regex(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/,
    'Not a time in UTC (RFC 3339). Example: 2026-11-23T19:03:14Z.',
  ),
)

/** The filters of a search in the call log, by record. Calls have `result` too. */
export const SearchQuery = v.looseObject({
  from: v.optional(
    field(moment, 'Start of the period, 1990 or later; 31 days before `to` by default.', '2026-11-01T00:00:00Z'),
  ),
  to: v.optional(field(moment, 'End of the period, at most tomorrow; now by default.', '2026-11-24T00:00:00Z')),
  caller: v.optional(
    field(number, 'Number of the caller; with `*` at its end, its first digits, at least three.', '0612345678'),
  ),
  called: v.optional(field(number, 'Number that was called, or its first digits and `*`.', '60')),
  party: v.optional(field(number, 'Number of the caller or of the called side.', '0123*')),
  disposition: v.optional(
    field(
      v.picklist(
        ['ANSWERED', 'NO ANSWER', 'BUSY', 'FAILED', 'CONGESTION'],
        'Not a disposition of Asterisk. Example: ANSWERED.',
      ),
      "Asterisk's disposition of a CDR.",
      'ANSWERED',
    ),
  ),
  direction: v.optional(
    field(Direction, 'Whether the call came over a trunk, left over one, or did neither.', 'inbound'),
  ),
  minDuration: v.optional(field(wholeNumber, 'Shortest duration, in seconds.', '10')),
  accountcode: v.optional(field(shortText, 'Account code of a CDR.', 'sales')),
  name: v.optional(
    field(
      v.pipe(
        v.string(),
        v.check((text) => text.trim().length >= 2, 'Too short: at least 2 characters.'),
        v.maxLength(80, 'Too long: at most 80 characters.'),
      ),
      "Part of the caller's name, in upper or lower case, with accents or without.",
      'dupont',
    ),
  ),
  order: v.optional(
    field(v.picklist(['newest', 'oldest'], 'Not an order. Example: newest.'), 'Newest first by default.', 'oldest'),
  ),
  cursor: v.optional(cursor),
  limit: v.optional(pageLimit),
  fields: v.optional(
    field(
      v.pipe(
        v.string(),
        v.maxLength(500, 'Too long: at most 500 characters.'),
        v.regex(/^[a-z]\w*(,[a-z]\w*)*$/i, 'Not a list of field names. Example: src,dst,duration.'),
      ),
      'Names of the fields that each item is to have; all by default.',
      'src,dst,duration',
    ),
  ),
})
export type SearchQuery = v.InferOutput<typeof SearchQuery>

/** The answer to a request with `fields`. */
const CdrFieldsPage = v.looseObject({ cdrs: v.array(v.partial(Cdr)), cursor: v.optional(v.string()) })

export const cdrRoutes = {
  'GET /v1/sites/{site}/cdrs': {
    summary: 'Searches the call detail records and answers one page of them.',
    function: 'cdrs',
    needs: 'cdrs:read',
    personal: 'cdrs',
    path: sitePath,
    query: SearchQuery,
    headers: ifNoneMatch,
    answers: { 200: v.union([CdrPage, CdrFieldsPage]), 304: v.undefined() },
    errors: cursorInvalid,
    example: { answer: { cdrs: [cdrExample], cursor: 'eyJrIjoi.c2ln' } },
  },
} as const satisfies RouteGroup
