import type { Cdr } from '../../../contracts/cdr.ts'

/** Text fields of a CDR in which Asterisk or a dial plan may have put a number. */
export const textFields = [
  'clid',
  'channel',
  'dstchannel',
  'lastdata',
  'userfield',
  'accountcode',
  'peeraccount',
] as const satisfies (keyof Cdr)[]

/** The last digits are the same in 0612345678, +33612345678 and 0033612345678. */
const significantDigits = 9
/** Fewer digits occur in texts by chance. They are an extension, which is only searched for as a party. */
const textDigitsMin = 6

/** Returns the digits by which a canonical number is searched for in texts; undefined if the number is too short. */
export function searchableDigits(number: string): string | undefined {
  const digits = number.replace(/\D/g, '').slice(-significantDigits)
  return digits.length >= textDigitsMin ? digits : undefined
}

/** Returns true if a text contains a canonical number in any spelling. */
export function holdsNumber(text: string, number: string): boolean {
  const digits = searchableDigits(number)
  return text.includes(number) || (digits !== undefined && text.replace(/[\s().-]/g, '').includes(digits))
}
