import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { extensionDigitsMax, type Numbering } from './phone-number.ts'

/**
 * What a call by API may dial. A number is read into its one international form, judged, and dialled in a form made anew
 * from it, so that no spelling of a denied number passes. Countries and kinds are libphonenumber's.
 */
export interface DialRules {
  internal: boolean
  national: boolean
  mobile: boolean
  /** Countries beside the site's own (ISO 3166-1); none until allowed. */
  countries: readonly string[]
  /** What a phone of the site dials before an outside number. */
  outsidePrefix: string
}

export type DialDenial = 'emergency' | 'premium' | 'satellite' | 'international' | 'national' | 'mobile' | 'internal'
export type DialVerdict =
  | { kind: 'allowed'; dial: string; canonical: string }
  | { kind: 'denied'; why: DialDenial }
  | { kind: 'invalid' }

/** Digits of ASCII with the usual decoration; nothing that a dial string or a SIP header could read as more. */
const spelling = /^\+?[0-9][0-9 ().-]{0,30}$/
/** Short numbers that reach help, in any country: a machine must not call it. */
const emergency = /^(1[578]|11[0-9]|116\d{3}|19[0-9]|000|911|99[0-9])$/
/** Directory enquiries of France, billed by the minute. */
const directory = /^118\d{3}$/
/** Inmarsat, global networks, and ITU's premium and universal numbers (E.164 assignments). */
const satellite = /^\+(870|878|881|882|883|979|888|808|800)/
const plainTypes = new Set(['FIXED_LINE', 'FIXED_LINE_OR_MOBILE', 'VOIP', 'TOLL_FREE'])

export function judgeNumber(text: string, rules: DialRules, { country }: Numbering): DialVerdict {
  if (!spelling.test(text)) return { kind: 'invalid' }
  const bare = text.replace(/[ ().-]/g, '')
  if (emergency.test(bare)) return { kind: 'denied', why: 'emergency' }
  if (directory.test(bare)) return { kind: 'denied', why: 'premium' }
  // One that begins with 0 would be an outside number to the dial plan.
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
  return { kind: 'allowed', dial: rules.outsidePrefix + outside, canonical: number.number }
}

function nationalDigits(text: string): string {
  return text.replace(/\D/g, '')
}
