import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/min'
import { extensionDigitsMax, plainNumber } from './number-spelling.ts'

/**
 * How the users of a PBX dial. Numbers are shown and searched in E.164 where they are telephone numbers, else as Asterisk
 * has them. The rules of countries are libphonenumber's (https://github.com/google/libphonenumber).
 */
export interface Dialling {
  /** ISO 3166-1 alpha-2, whose national and international prefixes the users of the PBX dial. */
  country: CountryCode
  /** Digits that phones of the site dial before an outside number; empty where they dial none. */
  outsidePrefix?: string | undefined
}

const dialable = /^\+?[0-9*#]+$/

export function countryCode(country: string): CountryCode {
  return isSupportedCountry(country) ? country : 'FR'
}

/** An extension, a service code or a short number of the country: dialled as it is, never made international. */
export function isExtension(number: string): boolean {
  return /^[0-9*#]+$/.test(number) && (number.length <= extensionDigitsMax || /[*#]/.test(number))
}

/**
 * Returns the one form in which a number is stored as a key, searched and shown; empty for an anonymous caller. A
 * canonical number is returned unchanged. A text that is no number (a SIP name, `s`) is returned trimmed.
 */
export function canonicalNumber(text: string, { country }: Dialling): string {
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
export function canonicalDialled(text: string, dialling: Dialling): string {
  const { outsidePrefix = '', country } = dialling
  const trimmed = text.trim()
  // `0+33612345678`, as programs dial that put the prefix before a number of an address book.
  if (outsidePrefix !== '' && trimmed.startsWith(`${outsidePrefix}+`))
    return canonicalNumber(trimmed.slice(outsidePrefix.length), dialling)
  const { number, kind } = plainNumber(text)
  if (outsidePrefix !== '' && kind === 'number' && number.startsWith(outsidePrefix) && !isExtension(number)) {
    const outside = number.slice(outsidePrefix.length)
    const parsed = dialable.test(outside) ? parsePhoneNumberFromString(outside, country) : undefined
    // `0033612345678` at prefix 0: no valid number is left after the prefix, so the zero belongs to the number.
    const isInternational = /^(?:\+|00|011)/.test(outside)
    if (parsed && (isInternational ? parsed.isPossible() : parsed.isValid())) return parsed.number
  }
  return canonicalNumber(text, dialling)
}
