import type { Cdr } from '../../../contracts/cdr.ts'
import { erased } from '../personal.ts'
import { canonicalNumber, type Numbering } from '../phone-number.ts'

/** Fields of free text in which Asterisk or a dial plan may have put a number. */
const textFields = ['clid', 'channel', 'dstchannel', 'lastdata', 'userfield', 'accountcode', 'peeraccount'] as const
/** The subscriber's part of a number: what is the same in 0612345678, +33612345678 and 0033612345678. */
const significantDigits = 9

/**
 * The record without the person of this number: the number where it is a party, the caller's name with it, and any text
 * in which its digits stand. Time, length and outcome of the call stay. `number` is canonical.
 */
export function eraseCdr(cdr: Cdr, number: string, numbering: Numbering): Cdr {
  const isNumber = (text: string) => canonicalNumber(text, numbering) === number
  const digits = number.replace(/\D/g, '').slice(-significantDigits)
  const holds = (text: string) =>
    text.includes(number) || (digits.length >= 3 && text.replace(/[\s().-]/g, '').includes(digits))
  const copy: Cdr = { ...cdr }
  for (const field of textFields) if (holds(cdr[field])) copy[field] = erased
  if (isNumber(cdr.src)) Object.assign(copy, { src: erased, clid: erased })
  if (isNumber(cdr.dst)) copy.dst = erased
  return copy
}
