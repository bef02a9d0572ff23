import {
  type CountryCode,
  getCountryCallingCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/min'

/**
 * How the numbers of a site are read. The canonical form of a public telephone number is E.164; any other number stays as
 * Asterisk has it. The rules of countries are libphonenumber's (https://github.com/google/libphonenumber).
 */
export interface Numbering {
  /** ISO 3166-1 alpha-2, whose national and international prefixes the PBX's users dial. */
  country: CountryCode
}

/** The longest extension. Public telephone numbers that can be called from outside have more digits. */
export const extensionDigitsMax = 6
/** What carriers and PBXs write in place of a withheld number. */
const anonymous = new Set(['', 'anonymous', 'unknown', 'unavailable', 'restricted', 'private', 'withheld', 'asterisk'])
const decoration = /[\s().\-/\u00a0\u2010-\u2015]/g
const dialable = /^\+?[0-9*#]+$/

export function numbering(country: string): Numbering {
  return { country: isSupportedCountry(country) ? country : 'FR' }
}

/** Returns true for an extension, a service code or a national short number, which have no international form. */
export function isExtension(number: string): boolean {
  return /^[0-9*#]+$/.test(number) && (number.length <= extensionDigitsMax || /[*#]/.test(number))
}

/**
 * Returns the form in which a number is stored, searched and shown; empty for an anonymous caller. A canonical number does not
 * change, and neither does a text that is not a number, such as a SIP name or `s`.
 */
export function canonicalNumber(text: string, { country }: Numbering): string {
  const trimmed = text.trim()
  if (anonymous.has(trimmed.toLowerCase())) return ''
  const bare = trimmed.replace(decoration, '')
  if (!dialable.test(bare) || isExtension(bare)) return dialable.test(bare) ? bare : trimmed
  const parsed = parsePhoneNumberFromString(bare, country)
  return parsed?.isPossible() ? parsed.number : bare
}

/** A search by prefix needs this many digits; fewer match half of a country. */
export const prefixDigitsMin = 3

/**
 * Returns the prefixes of canonical numbers that typed digits may stand for: the digits themselves (extensions), and the
 * E.164 form if they begin like a national or international number.
 */
export function canonicalPrefixes(text: string, { country }: Numbering): string[] {
  const bare = text.trim().replace(decoration, '')
  const found = new Set([bare])
  const international = /^(?:00|011)([1-9].*)$/.exec(bare)?.[1]
  if (international) found.add(`+${international}`)
  const code = getCountryCallingCode(country)
  const national = /^0([1-9].*)$/.exec(bare)?.[1]
  if (national) found.add(`+${code}${national}`)
  else if (/^[1-9]/.test(bare)) found.add(`+${code}${bare}`)
  return [...found]
}
