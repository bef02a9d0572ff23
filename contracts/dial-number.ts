import * as v from 'valibot'

/** Spaces, dots, hyphens, slashes and brackets, also the narrow and non-breaking ones that web pages print. */
export const dialSeparators = /[ \u00a0\u2007\u202f().\-\u2010-\u2015/]/g
const spelling = /^\+?[0-9][0-9 \u00a0\u2007\u202f().\-\u2010-\u2015/]{0,30}$/

/** A number as a person types it. No character in it has a meaning in a dial string or a SIP header: no letter, star, hash or comma. */
export const DialNumber = v.pipe(
  v.string(),
  v.minLength(1, 'Empty. Example: 5860.'),
  v.maxLength(40, 'Too long: at most 40 characters.'),
  v.regex(spelling, 'Not a number: digits, spaces, dots, hyphens and a + before them. Example: +33 1 23 45 67 89.'),
)
