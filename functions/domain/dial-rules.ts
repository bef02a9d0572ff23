import { type CountryCode, type PhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max'
import * as v from 'valibot'
import { DialNumber, dialSeparators } from '../../contracts/dial-number.ts'
import { extensionDigitsMax } from '../../contracts/numbers/number-spelling.ts'
import type { Numbering } from './phone-number.ts'
import { shortNumberKind } from './short-number.ts'
import type { SiteNumbers } from './site-numbers.ts'

/**
 * What a call that is placed through the API may dial: an extension of the site as it is, and a telephone number in digits made
 * from its international form, so that no spelling of a denied number passes. Countries and types are libphonenumber's.
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
  | 'short'
  | 'service'
  | 'satellite'
  | 'international'
  | 'national'
  | 'mobile'
  | 'internal'
/** `unknown`: as short as an extension, and the site has no such extension. */
export type DialVerdict =
  | { kind: 'allowed'; dial: string; canonical: string }
  | { kind: 'denied'; why: DialDenial }
  | { kind: 'unknown' }
  | { kind: 'invalid' }

/** What is dialled in the country and at the site of a call. */
export interface DialContext {
  rules: DialRules
  country: CountryCode
  numbers: SiteNumbers
}

/** Inmarsat, global networks, and premium and universal numbers of the ITU (E.164 assignments). */
const satellite = /^\+(870|878|881|882|883|979|888|808|800)/
const plainTypes = new Set(['FIXED_LINE', 'FIXED_LINE_OR_MOBILE', 'VOIP', 'TOLL_FREE'])
/** Countries whose universal numbers cost as much as a geographic one: 03 in Britain, 058 in Switzerland, 0809 in France. */
const plainUniversal = new Set(['BE', 'CH', 'FR', 'GB'])

export function judgeNumber(text: string, { country }: Numbering, rules: DialRules, numbers: SiteNumbers): DialVerdict {
  if (!v.is(DialNumber, text)) return { kind: 'invalid' }
  const bare = text.replace(dialSeparators, '')
  if (numbers.isService(bare)) return denied('service')
  const context = { rules, country, numbers }
  const readings = readingsOf(bare, rules.outsidePrefix)
  if (readings.some((reading) => isEmergency(reading, country))) return denied('emergency')
  // A caller ID may show a number such as 118712, which only the settings make an extension. A shorter one, such as 1001, is a phone's.
  const isDirectory = bare.length === extensionDigitsMax && !numbers.isNamed(bare) && isPremium(readings, country)
  if (numbers.isExtension(bare) && !isDirectory) {
    return rules.internal ? { kind: 'allowed', dial: bare, canonical: bare } : denied('internal')
  }
  return judgeShort(readings, country) ?? judgeOutside(bare, readings, context)
}

/** Returns a number as it is and, where it begins with the outside prefix, without it. */
function readingsOf(bare: string, outsidePrefix = ''): string[] {
  const rest = outsidePrefix !== '' && bare.startsWith(outsidePrefix) ? bare.slice(outsidePrefix.length) : ''
  return rest === '' ? [bare] : [bare, rest]
}

/** Also recognises an emergency number behind a national or international prefix: 0112, +33 112. */
function isEmergency(reading: string, country: CountryCode): boolean {
  const national = /^(?:\+|00|011)/.test(reading) ? parsePhoneNumberFromString(reading, country)?.nationalNumber : ''
  const forms = [reading, reading.replace(/^0+(?=[1-9])/, ''), national ?? '']
  return forms.some((form) => shortNumberKind(form, country) === 'emergency')
}

function isPremium(readings: readonly string[], country: CountryCode): boolean {
  return readings.some((reading) => shortNumberKind(reading, country) === 'premium')
}

/** Short numbers of the country reach helplines and services of carriers at any price, so none is dialled. */
function judgeShort(readings: readonly string[], country: CountryCode): DialVerdict | undefined {
  if (isPremium(readings, country)) return denied('premium')
  return readings.some((reading) => shortNumberKind(reading, country)) ? denied('short') : undefined
}

/**
 * Judges a telephone number. One that is valid as it is dialled keeps that meaning, so `0033123456789` is French also where 0 is the
 * outside prefix; otherwise what begins with the prefix is judged without it.
 */
function judgeOutside(bare: string, [, rest]: readonly string[], { country, ...more }: DialContext): DialVerdict {
  if (/^[1-9]/.test(bare) && bare.length <= extensionDigitsMax) return { kind: 'unknown' }
  const whole = parsePhoneNumberFromString(bare, country)
  const behind = rest === undefined ? undefined : parsePhoneNumberFromString(rest, country)
  // Without this, 909001234567 would be a German number although phones dial 09001234567 after the prefix 9.
  const isWhole = whole?.isValid() && (rest === undefined || isDialledWhole(bare, whole))
  const number = isWhole || !behind?.isValid() ? whole : behind
  return number && (isWhole || number === behind || rest === undefined)
    ? judgeParsed(number, { country, ...more })
    : { kind: 'invalid' }
}

/** Whether the digits are an international number, or a national one with all that a phone dials. */
function isDialledWhole(bare: string, number: PhoneNumber): boolean {
  return /^(?:\+|00|011)/.test(bare) || number.formatNational().replace(/\D/g, '') === bare
}

function judgeParsed(number: PhoneNumber, { rules, country }: DialContext): DialVerdict {
  if (satellite.test(number.number)) return denied('satellite')
  if (number.country !== country && (!number.country || !rules.countries.includes(number.country))) {
    return denied('international')
  }
  if (!number.isValid()) return { kind: 'invalid' }
  const type = number.getType() ?? ''
  const isMobile = type === 'MOBILE'
  const isUniversal = type === 'UAN' && plainUniversal.has(number.country ?? '')
  if (!isMobile && !isUniversal && !plainTypes.has(type)) return denied('premium')
  if (isMobile && !rules.mobile) return denied('mobile')
  if (!isMobile && number.country === country && !rules.national) return denied('national')
  if (rules.outsidePrefix === undefined) return denied('prefix-unconfirmed')
  const outside = number.country === country ? number.formatNational() : number.format('IDD', { fromCountry: country })
  return { kind: 'allowed', dial: rules.outsidePrefix + outside.replace(/\D/g, ''), canonical: number.number }
}

function denied(why: DialDenial): DialVerdict {
  return { kind: 'denied', why }
}
