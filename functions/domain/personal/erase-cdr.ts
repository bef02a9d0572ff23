import { type Cdr, cdrFields } from '../../../contracts/cdr.ts'
import { erased } from '../personal.ts'
import { canonicalNumber, type Numbering } from '../phone-number.ts'
import { holdsNumber, textFields } from './holds-number.ts'

const known: ReadonlySet<string> = new Set(cdrFields)

/**
 * Returns a copy of the CDR without a number: erases it if it is a party, with the caller's name, and erases each text field
 * that contains its digits. Time, duration and result of the call stay. `number` is canonical.
 */
export function eraseCdr(cdr: Cdr, number: string, numbering: Numbering): Cdr {
  const isNumber = (text: string) => canonicalNumber(text, numbering) === number
  const copy: Cdr = { ...cdr }
  for (const field of textFields) if (holdsNumber(cdr[field], number)) copy[field] = erased
  // Fields that a PBX adds to Asterisk's own, such as the file name of a recording.
  for (const [field, text] of Object.entries(cdr)) {
    if (!known.has(field) && typeof text === 'string' && holdsNumber(text, number)) copy[field] = erased
  }
  if (isNumber(cdr.src)) Object.assign(copy, { src: erased, clid: erased })
  if (isNumber(cdr.dst)) copy.dst = erased
  return copy
}
