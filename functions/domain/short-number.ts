import type { CountryCode } from 'libphonenumber-js/min'
import * as v from 'valibot'
import table from './short-numbers.json' with { type: 'json' }

/** An emergency number; one that costs more than a call; any other short number, such as helplines and services of carriers. */
export type ShortKind = 'emergency' | 'premium' | 'other'

/** Compiled at first use: a function serves few countries. */
const Pattern = v.pipe(
  v.string(),
  v.transform((text) => {
    let compiled: RegExp | undefined
    return (digits: string) => {
      if (text === '') return false
      compiled ??= new RegExp(`^(?:${text})$`)
      return compiled.test(digits)
    }
  }),
)
const patterns = v.parse(
  v.record(v.string(), v.object({ emergency: Pattern, premium: Pattern, other: Pattern })),
  table,
)

/**
 * Returns the kind of a country's short number; undefined if the country has no such number. The table has Google's data
 * (`npm run short-numbers`).
 */
export function shortNumberKind(digits: string, country: CountryCode): ShortKind | undefined {
  const kinds = patterns[country]
  if (kinds?.emergency(digits)) return 'emergency'
  if (kinds?.premium(digits)) return 'premium'
  return kinds?.other(digits) ? 'other' : undefined
}
