import * as v from 'valibot'
import { field } from '../field.ts'
import { pageRowsDefault, pageRowsMax } from '../limits.ts'

/** Parameters and headers that several routes share. */
export const sitePath = { site: field(v.string(), 'Name of the site.', 'office') }

export const ifNoneMatch = v.looseObject({
  'if-none-match': v.optional(
    field(
      v.string(),
      'ETags of earlier answers, or `*`; 304 is answered if nothing has changed since one of them.',
      '"f3b1c9"',
    ),
  ),
  'if-match': v.optional(
    field(v.string(), 'ETags, or `*`; 412 is answered if the answer has none of them.', '"f3b1c9"'),
  ),
})

/** A whole number as it is written in a query. */
export const wholeNumber = v.pipe(
  v.string(),
  v.regex(/^\d{1,9}$/, 'Not a whole number. Example: 50.'),
  v.transform(Number),
)

export const cursor = field(
  v.pipe(v.string(), v.maxLength(3_000, 'Too long for a cursor: at most 3,000 characters.')),
  '`cursor` of the page before, which continues the same search.',
  'eyJrIjoiMjAyNi0xMS0yNCJ9.c2ln',
)

export const pageLimit = field(
  v.pipe(
    wholeNumber,
    v.minValue(1, 'Too small: at least 1.'),
    v.maxValue(pageRowsMax, `Too large: at most ${pageRowsMax}.`),
  ),
  `Rows of a page, from 1 to ${pageRowsMax}; ${pageRowsDefault} by default.`,
  '50',
)
