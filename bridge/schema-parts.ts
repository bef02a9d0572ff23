import * as v from 'valibot'

/** Messages say what is expected and never quote the value: a password may be in the wrong place. */
export const text = (wanted: string) => v.pipe(v.string(wanted), v.minLength(1, wanted), v.maxLength(1000, wanted))
export const matching = (pattern: RegExp, wanted: string) => v.pipe(v.string(wanted), v.regex(pattern, wanted))
export const port = (lowest: number) =>
  v.pipe(v.number('a port'), v.integer('a port'), v.minValue(lowest, 'a port'), v.maxValue(65535, 'a port'))
