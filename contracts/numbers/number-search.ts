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
  /** Returns the text with each occurrence of the number replaced; the text itself if it holds none. */
  replaceIn(text: string, by: string): string
}

/** Digits before the national number in any spelling: prefixes of outside, for hiding the caller, of foreign countries, of country and of trunk. */
const prefixDigitsMax = 10
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
/** Parts of a text between blanks and quotes, which may be URIs. */
const words = /[^\s"'<>,;|]+/g
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
    return { number, isInTexts, mayHold: () => true, holds, replaceIn: (one, by) => (holds(one) ? by : one) }
  }
  const occurrence = new RegExp(`${[...digits].join(`${separator.source}{0,3}`)}(?!\\d)`, 'g')
  const code = isKnown ? parsed.countryCallingCode : ''
  const spellings = new Set([...spellingsOf(number, code, digits), ...misreadings(number, dialling)])
  const isNumber = (one: string) => spellings.has(one) || isDialled(one, number, dialling)
  const mayHold = (one: string) =>
    allDigits(one).includes(digits) || (escaped.test(one) && allDigits(unescaped(one)).includes(digits))
  const placesIn = (plain: string) =>
    [...plain.matchAll(occurrence)].flatMap(({ index, 0: found }) => {
      const start = startOfNumber(plain, index, found, isNumber, dialling)
      if (start === undefined) return []
      const end = index + found.length
      // `(+33)612345678`
      const isBracketed = plain[start - 1] === '(' && /^[^(]*\)/.test(plain.slice(start, end))
      return [{ start: isBracketed ? start - 1 : start, end }]
    })
  const placesInText = (one: string) => placesIn(withoutTimes(asciiDigits(one)))
  const holdsEscaped = (one: string) => escaped.test(one) && placesInText(unescaped(withoutTimes(one))).length > 0
  const holds = (one: string) => mayHold(one) && (placesInText(one).length > 0 || holdsEscaped(one))
  const replaceIn = (one: string, by: string) => {
    if (!holds(one)) return one
    const ascii = asciiDigits(one)
    // Some digits of Unicode are two units long, so that places in `ascii` are other ones in the text.
    const text = ascii.length === one.length ? one : ascii
    let rest = text
    for (const { start, end } of placesInText(text).reverse()) rest = rest.slice(0, start) + by + rest.slice(end)
    return rest.replace(words, (word) => (holdsEscaped(word) ? by : word))
  }
  return { number, isInTexts, mayHold, holds, replaceIn }
}

/** Returns the text with times and unique ids, which may have the digits of a number, filled with another character. */
function withoutTimes(text: string): string {
  const fill = (found: string) => '|'.repeat(found.length)
  return text.replace(uniqueid, fill).replace(dateTime, fill)
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
 * Returns where this number begins, if the national number at `index` is its end and not the end of another one. Digits before
 * it may belong to it even behind separators, so the longest reading that is a telephone number decides: +49 30 612345678 is
 * nobody in France.
 */
function startOfNumber(
  text: string,
  index: number,
  found: string,
  isNumber: (text: string) => boolean,
  { country }: Dialling,
): number | undefined {
  const end = found.replace(/\D/g, '')
  for (const { prefix, start } of prefixesBefore(text, index).reverse()) {
    if (isNumber(prefix + end)) return start
    if (behindCallerCodes(text, start, prefix).some((rest) => isNumber(rest + end))) return start
    if (prefix.startsWith('+')) return undefined
    if (/^(00|011)/.test(prefix) && parsePhoneNumberFromString(prefix + end, country)?.isPossible()) return undefined
  }
  return undefined
}

/** Codes before a number that hide or show the caller: *67 and *82 are North America's, the others have no star. */
const starCodes = ['67', '82']
const digitCodes = ['141', '1470', '1831', '1832', '3651', '1167', '1182']

/** Returns what is left of the digits at a place behind a code for hiding the caller, also behind a prefix of outside before the code. */
function behindCallerCodes(text: string, start: number, prefix: string): string[] {
  const codes = text[start - 1] === '*' ? starCodes : digitCodes
  const isOutside = text[start - 1] !== '*' && usualPrefixes.includes(prefix.slice(0, 1))
  const dialled = isOutside ? [prefix, prefix.slice(1)] : [prefix]
  return dialled.flatMap((one) => codes.filter((code) => one.startsWith(code)).map((code) => one.slice(code.length)))
}

/** The digits before a place, shortest first, each from the beginning of a run of digits, and where they begin. */
function prefixesBefore(text: string, index: number): { prefix: string; start: number }[] {
  const found = new Map<string, number>()
  let prefix = ''
  let start = index
  const add = (one: string, at: number) => found.has(one) || found.set(one, at)
  for (let at = index - 1; prefix.length <= prefixDigitsMax; at -= 1) {
    const before = text[at] ?? ''
    if (before === '+') add(`+${prefix}`, at)
    else if (!/\d/.test(before)) add(prefix, start)
    if (/\d/.test(before)) {
      prefix = before + prefix
      start = at
    } else if (!separator.test(before)) break
  }
  return [...found].map(([one, at]) => ({ prefix: one, start: at }))
}

function allDigits(text: string): string {
  return asciiDigits(text).replace(/\D/g, '')
}

function unescaped(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (bytes) => Buffer.from(bytes.replaceAll('%', ''), 'hex').toString('utf8'))
}
