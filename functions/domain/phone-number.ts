import {
  type CountryCode,
  getCountryCallingCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/min'

/**
 * Numbers as they are shown and searched: E.164 where it is a telephone number of the world, else as Asterisk has it.
 * Countries' rules are libphonenumber's (https://github.com/google/libphonenumber).
 */
export interface Numbering {
  /** ISO 3166-1 alpha-2, whose national and international prefixes the PBX's users dial. */
  country: CountryCode
}

/** Longer than any extension and shorter than any telephone number that a country would route from outside. */
export const extensionDigitsMax = 6
/** What carriers and PBXs put where a caller hides. */
const anonymous = new Set(['', 'anonymous', 'unknown', 'unavailable', 'restricted', 'private', 'withheld', 'asterisk'])
const decoration = /[\s().\-/\u00a0\u2010-\u2015]/g
const dialable = /^\+?[0-9*#]+$/

export function numbering(country: string): Numbering {
  return { country: isSupportedCountry(country) ? country : 'FR' }
}

/** An extension, a service code or a short number of the country: dialled as it stands, never made international. */
export function isExtension(number: string): boolean {
  return /^[0-9*#]+$/.test(number) && (number.length <= extensionDigitsMax || /[*#]/.test(number))
}

/**
 * The one form in which a number is stored as a key, searched and shown; empty for an anonymous caller. Canonical numbers
 * stay what they are. What is no number (a SIP name, `s`) is kept as it is.
 */
export function canonicalNumber(text: string, { country }: Numbering): string {
  const trimmed = text.trim()
  if (anonymous.has(trimmed.toLowerCase())) return ''
  const bare = trimmed.replace(decoration, '')
  if (!dialable.test(bare) || isExtension(bare)) return dialable.test(bare) ? bare : trimmed
  const parsed = parsePhoneNumberFromString(bare, country)
  return parsed?.isPossible() ? parsed.number : bare
}

/** Digits after which a search by first digits is answered; fewer would name half of a country. */
export const prefixDigitsMin = 3

/**
 * Every beginning of a canonical number that what was typed may mean: as it stands (extensions, numbers kept as dialled),
 * and in E.164 where it begins like a national or international number.
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
