import {
  type CountryCode,
  getCountryCallingCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/min'
import { extensionDigitsMax, plainNumber } from './number-spelling.ts'
import { type SiteLines, unknownLines } from './site-lines.ts'

/**
 * How a site reads numbers. Numbers are shown and searched in E.164 where they are telephone numbers, else as Asterisk
 * has them. The rules of countries are libphonenumber's (https://github.com/google/libphonenumber).
 */
export interface Numbering {
  /** ISO 3166-1 alpha-2, whose national and international prefixes the users of the PBX dial. */
  country: CountryCode
  /** Digits that phones of the site dial before an outside number; empty where they dial none. */
  outsidePrefix?: string | undefined
  lines?: SiteLines | undefined
}

const dialable = /^\+?[0-9*#]+$/

export function numbering(country: string, more: Omit<Numbering, 'country'> = {}): Numbering {
  return { country: isSupportedCountry(country) ? country : 'FR', ...more }
}

export function linesOf({ lines }: Numbering): SiteLines {
  return lines ?? unknownLines
}

/** An extension, a service code or a short number of the country: dialled as it is, never made international. */
export function isExtension(number: string): boolean {
  return /^[0-9*#]+$/.test(number) && (number.length <= extensionDigitsMax || /[*#]/.test(number))
}

/**
 * Returns the one form in which a number is stored as a key, searched and shown; empty for an anonymous caller. A
 * canonical number is returned unchanged. A text that is no number (a SIP name, `s`) is returned trimmed.
 */
export function canonicalNumber(text: string, { country }: Numbering): string {
  const { number, kind } = plainNumber(text)
  if (kind !== 'number' || !dialable.test(number) || isExtension(number)) return number
  const parsed = parsePhoneNumberFromString(number, country)
  return parsed?.isPossible() ? parsed.number : number
}

/**
 * Returns the canonical form of a number that a phone of the site dialled, without the outside prefix: `00612345678` is
 * +33612345678 in France with prefix 0. Without a prefix, or where no telephone number is left after it, it equals
 * `canonicalNumber`.
 */
export function canonicalDialled(text: string, numbering: Numbering): string {
  const { outsidePrefix = '', country } = numbering
  const { number, kind } = plainNumber(text)
  if (outsidePrefix !== '' && kind === 'number' && number.startsWith(outsidePrefix) && !isExtension(number)) {
    const outside = number.slice(outsidePrefix.length)
    const parsed = dialable.test(outside) ? parsePhoneNumberFromString(outside, country) : undefined
    // `0033612345678` at prefix 0: no valid number is left after the prefix, so the zero belongs to the number.
    const isInternational = /^(?:\+|00|011)/.test(outside)
    if (parsed && (isInternational ? parsed.isPossible() : parsed.isValid())) return parsed.number
  }
  return canonicalNumber(text, numbering)
}

/** Digits after which a search by first digits is answered; fewer would name half of a country. */
export const prefixDigitsMin = 3

/**
 * Returns every beginning of a canonical number that a typed prefix may mean: as it is (extensions, numbers kept as
 * dialled), and in E.164 where it begins like a national or international number, with the outside prefix or without it.
 */
export function canonicalPrefixes(text: string, { country, outsidePrefix = '' }: Numbering): string[] {
  const bare = plainNumber(text).number
  const behind = bare.startsWith(outsidePrefix) ? bare.slice(outsidePrefix.length) : ''
  const outside = outsidePrefix !== '' && behind !== '' ? canonicalPrefixes(behind, { country }) : []
  // Without its prefix `0123` would also find extension 1234.
  const found = new Set([bare, ...outside.filter((prefix) => prefix.startsWith('+'))])
  const international = /^(?:00|011)([1-9].*)$/.exec(bare)?.[1]
  if (international) found.add(`+${international}`)
  const code = getCountryCallingCode(country)
  const national = /^0([1-9].*)$/.exec(bare)?.[1]
  if (national) found.add(`+${code}${national}`)
  else if (/^[1-9]/.test(bare)) found.add(`+${code}${bare}`)
  return [...found]
}
