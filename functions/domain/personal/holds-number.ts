import type { Cdr } from '../../../contracts/cdr.ts'

/** Fields of free text in which Asterisk or a dial plan may have put a number. */
export const textFields = [
  'clid',
  'channel',
  'dstchannel',
  'lastdata',
  'userfield',
  'accountcode',
  'peeraccount',
] as const satisfies (keyof Cdr)[]

/** The subscriber's part of a number: what is the same in 0612345678, +33612345678 and 0033612345678. */
const significantDigits = 9
/** Fewer digits than these stand by chance in any text; they are an extension's, which is looked for as a party alone. */
const textDigitsMin = 6

/** The digits by which a canonical number is looked for in texts; undefined for one too short to be told from chance. */
export function searchableDigits(number: string): string | undefined {
  const digits = number.replace(/\D/g, '').slice(-significantDigits)
  return digits.length >= textDigitsMin ? digits : undefined
}

/** Whether a text holds a canonical number, in whatever spelling of it. */
export function holdsNumber(text: string, number: string): boolean {
  const digits = searchableDigits(number)
  return text.includes(number) || (digits !== undefined && text.replace(/[\s().-]/g, '').includes(digits))
}
