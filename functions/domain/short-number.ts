import type { CountryCode } from 'libphonenumber-js/min'
import table from './short-numbers.json' with { type: 'json' }

/** An emergency number; one that costs more than a call; any other short number, such as helplines and services of carriers. */
export type ShortKind = 'emergency' | 'premium' | 'other'

/** By country, the pattern of the whole numbers of each kind; an empty one has none. */
const patterns: Readonly<Record<string, Readonly<Record<ShortKind, string>>>> = table
const kinds = ['emergency', 'premium', 'other'] as const
/** Compiled at first use: a function serves few countries. */
const compiled = new Map<string, RegExp>()

/**
 * Returns the kind of a country's short number; undefined if the country has no such number. The table has Google's data
 * (`npm run short-numbers`).
 */
export function shortNumberKind(digits: string, country: CountryCode): ShortKind | undefined {
  return kinds.find((kind) => matches(patterns[country]?.[kind] ?? '', digits))
}

function matches(pattern: string, digits: string): boolean {
  if (pattern === '') return false
  const known = compiled.get(pattern) ?? new RegExp(`^(?:${pattern})$`)
  compiled.set(pattern, known)
  return known.test(digits)
}
