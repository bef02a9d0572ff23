import { parsePhoneNumberFromString } from 'libphonenumber-js/min'
import { asciiDigits } from './number-spelling.ts'
import { canonicalDialled, canonicalNumber, type Dialling, isExtension } from './phone-number.ts'

/** Finds one number in texts and keys, in every spelling that a PBX, a phone or a person may have written. */
export interface NumberSearch {
  /** Canonical. */
  number: string
  /** False for an extension or a name, which is found only where it is the whole text: its digits occur anywhere by chance. */
  isInTexts: boolean
  /** False if the text cannot hold the number; true costs the caller a look at each part of the text. */
  mayHold(text: string): boolean
  holds(text: string): boolean
}

/** Digits before the national number in any spelling: prefixes of outside, of foreign countries, of country and of trunk. */
const prefixDigitsMax = 8
/** What may stand between two digits of one number. */
const separator = /[\s().\-/\u00a0\u2007\u2009\u202f\u2010-\u2015]/
/** Fewer digits occur by chance. */
const digitsMin = 6
/** The unique ids of Asterisk are Unix seconds, which have as many digits as a number of Germany or the United States. */
const uniqueid = /(?<!\d)1\d{9}\.\d{1,9}(?!\d)/g
/** RFC 3339 with a time, also in Asterisk's forms: dates and offsets have as many digits as a number. */
const dateTime = /(?<!\d)(?:19|20)\d\d-[01]\d-[0-3]\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?(?!\d)/g
/** A character of a URI in hexadecimal (RFC 3986). */
const escaped = /%[0-9a-f]{2}/i
/** Prefixes of outside that sites have had, besides the one that is set now. */
const usualPrefixes = ['0', '9']

export function numberSearch(text: string, dialling: Dialling): NumberSearch {
  const number = canonicalDialled(text, dialling)
  const parsed = parsePhoneNumberFromString(number, dialling.country)
  const isKnown = parsed?.number === number
  const digits = isKnown ? parsed.nationalNumber : number.replace(/\D/g, '')
  const isInTexts = !isExtension(number) && digits.length >= digitsMin && /^\+?\d+$/.test(number)
  if (!isInTexts) {
    const holds = (one: string) => one === number || canonicalNumber(one, dialling) === number
    return { number, isInTexts, mayHold: () => true, holds }
  }
  const occurrence = new RegExp(`${[...digits].join(`${separator.source}{0,3}`)}(?!\\d)`, 'g')
  const code = isKnown ? parsed.countryCallingCode : ''
  const spellings = new Set([...spellingsOf(number, code, digits), ...misreadings(number, dialling)])
  const isNumber = (one: string) => spellings.has(one) || isDialled(one, number, dialling)
  const mayHold = (one: string) =>
    allDigits(one).includes(digits) || (escaped.test(one) && allDigits(unescaped(one)).includes(digits))
  const holdsPlain = (plain: string) =>
    [...plain.matchAll(occurrence)].some(({ index, 0: found }) => isThisNumber(plain, index, found, isNumber, dialling))
  const holds = (one: string) => {
    if (!mayHold(one)) return false
    const plain = asciiDigits(one).replace(uniqueid, ' ').replace(dateTime, ' ')
    return holdsPlain(plain) || (escaped.test(plain) && holdsPlain(asciiDigits(unescaped(plain))))
  }
  return { number, isInTexts, mayHold, holds }
}

/** Spellings with country code or without any prefix, which `canonicalNumber` does not read. */
function spellingsOf(number: string, code: string, digits: string): string[] {
  return [number, digits, code + digits, `${code}0${digits}`, `+${code}0${digits}`, `00${code}0${digits}`]
}

/** What the call log made of the number with a prefix of outside that was not set then: `00612345678` was +612345678. */
function misreadings(number: string, { country }: Dialling): string[] {
  const national = parsePhoneNumberFromString(number)?.formatNational().replace(/\D/g, '') ?? ''
  const read = usualPrefixes.map((prefix) => canonicalNumber(prefix + national, { country }))
  return read.filter((one) => !parsePhoneNumberFromString(one)?.isValid())
}

/** Prefixes of outside that the site has no more count too, where no other number is meant without them. */
function isDialled(text: string, number: string, dialling: Dialling): boolean {
  if (canonicalDialled(text, dialling) === number || canonicalNumber(text, dialling) === number) return true
  if (parsePhoneNumberFromString(text, dialling.country)?.isValid()) return false
  return usualPrefixes.some((outsidePrefix) => canonicalDialled(text, { ...dialling, outsidePrefix }) === number)
}

/**
 * Whether the national number at `index` is this number and not the end of another one. Digits before it may belong to it even
 * behind separators, so the longest reading that is a telephone number decides: +49 30 612345678 is nobody in France.
 */
function isThisNumber(
  text: string,
  index: number,
  found: string,
  isNumber: (text: string) => boolean,
  { country }: Dialling,
): boolean {
  const end = found.replace(/\D/g, '')
  for (const prefix of prefixesBefore(text, index).reverse()) {
    if (isNumber(prefix + end)) return true
    if (prefix.startsWith('+')) return false
    if (/^(00|011)/.test(prefix) && parsePhoneNumberFromString(prefix + end, country)?.isPossible()) return false
  }
  return false
}

/** The digits before a place, shortest first, each from the beginning of a run of digits. */
function prefixesBefore(text: string, index: number): string[] {
  const found: string[] = []
  let prefix = ''
  for (let at = index - 1; prefix.length <= prefixDigitsMax; at -= 1) {
    const before = text[at] ?? ''
    if (!/\d/.test(before)) found.push(before === '+' ? `+${prefix}` : prefix)
    if (/\d/.test(before)) prefix = before + prefix
    else if (!separator.test(before)) break
  }
  return [...new Set(found)]
}

function allDigits(text: string): string {
  return asciiDigits(text).replace(/\D/g, '')
}

function unescaped(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (bytes) => Buffer.from(bytes.replaceAll('%', ''), 'hex').toString('utf8'))
}
