import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { extensionDigitsMax } from './number-spelling.ts'
import type { Numbering } from './phone-number.ts'

/**
 * What a call that is placed through the API may dial. A number is parsed to its international form, checked, and dialled in
 * digits made from that form, so that no spelling of a denied number passes. Countries and types are libphonenumber's.
 */
export interface DialRules {
  internal: boolean
  national: boolean
  mobile: boolean
  /** Allowed countries besides the site's own (ISO 3166-1 alpha-2). */
  countries: readonly string[]
  /** Digits that a phone of the site dials before an outside number. */
  outsidePrefix: string | undefined
}

export type DialDenial =
  | 'prefix-unconfirmed'
  | 'emergency'
  | 'premium'
  | 'satellite'
  | 'international'
  | 'national'
  | 'mobile'
  | 'internal'
export type DialVerdict =
  | { kind: 'allowed'; dial: string; canonical: string }
  | { kind: 'denied'; why: DialDenial }
  | { kind: 'invalid' }

/** ASCII digits with the usual separators: no character that has a meaning in a dial string or a SIP header. */
const spelling = /^\+?[0-9][0-9 ().-]{0,30}$/
/** Emergency numbers of any country, which the API must not call. */
const emergency = /^(1[578]|11[0-9]|116\d{3}|19[0-9]|000|911|99[0-9])$/
/** Directory enquiries in France, which are billed by the minute. */
const directory = /^118\d{3}$/
/** Inmarsat, global networks, and premium and universal numbers of the ITU (E.164 assignments). */
const satellite = /^\+(870|878|881|882|883|979|888|808|800)/
const plainTypes = new Set(['FIXED_LINE', 'FIXED_LINE_OR_MOBILE', 'VOIP', 'TOLL_FREE'])

export function judgeNumber(text: string, rules: DialRules, { country }: Numbering): DialVerdict {
  if (!spelling.test(text)) return { kind: 'invalid' }
  const bare = text.replace(/[ ().-]/g, '')
  if (emergency.test(bare)) return { kind: 'denied', why: 'emergency' }
  if (directory.test(bare)) return { kind: 'denied', why: 'premium' }
  // The dial plan treats a number that begins with 0 as an outside number.
  if (/^[1-9]\d+$/.test(bare) && bare.length <= extensionDigitsMax) {
    return rules.internal ? { kind: 'allowed', dial: bare, canonical: bare } : { kind: 'denied', why: 'internal' }
  }
  const number = parsePhoneNumberFromString(bare, country)
  if (!number) return { kind: 'invalid' }
  if (satellite.test(number.number)) return { kind: 'denied', why: 'satellite' }
  if (number.country !== country && (!number.country || !rules.countries.includes(number.country))) {
    return { kind: 'denied', why: 'international' }
  }
  if (!number.isValid()) return { kind: 'invalid' }
  const type = number.getType() ?? ''
  const isMobile = type === 'MOBILE'
  if (!isMobile && !plainTypes.has(type)) return { kind: 'denied', why: 'premium' }
  if (isMobile && !rules.mobile) return { kind: 'denied', why: 'mobile' }
  if (!isMobile && number.country === country && !rules.national) return { kind: 'denied', why: 'national' }
  const outside = number.country === country ? nationalDigits(number.formatNational()) : `00${number.number.slice(1)}`
  if (rules.outsidePrefix === undefined) return { kind: 'denied', why: 'prefix-unconfirmed' }
  return { kind: 'allowed', dial: rules.outsidePrefix + outside, canonical: number.number }
}

function nationalDigits(text: string): string {
  return text.replace(/\D/g, '')
}
