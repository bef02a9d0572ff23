import { type Cdr, cdrFields } from '../../../contracts/cdr.ts'
import { erased } from '../personal.ts'
import { canonicalNumber, type Numbering } from '../phone-number.ts'
import { holdsNumber, textFields } from './holds-number.ts'

const known: ReadonlySet<string> = new Set(cdrFields)

/**
 * The record without the person of this number: the number where it is a party, the caller's name with it, and any text
 * in which its digits stand. Time, length and outcome of the call stay. `number` is canonical.
 */
export function eraseCdr(cdr: Cdr, number: string, numbering: Numbering): Cdr {
  const isNumber = (text: string) => canonicalNumber(text, numbering) === number
  const copy: Cdr = { ...cdr }
  for (const field of textFields) if (holdsNumber(cdr[field], number)) copy[field] = erased
  // What a PBX writes beside Asterisk's own fields, such as the file name of a recording.
  for (const [field, text] of Object.entries(cdr)) {
    if (!known.has(field) && typeof text === 'string' && holdsNumber(text, number)) copy[field] = erased
  }
  if (isNumber(cdr.src)) Object.assign(copy, { src: erased, clid: erased })
  if (isNumber(cdr.dst)) copy.dst = erased
  return copy
}
