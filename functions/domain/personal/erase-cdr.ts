import type { Cdr } from '../../../contracts/cdr.ts'
import { nameIn } from '../calls/caller-name.ts'
import { erased } from '../personal.ts'
import { canonicalDialled, canonicalNumber, type Numbering } from '../phone-number.ts'
import { holdsNumber, keptFields } from './holds-number.ts'

/**
 * Returns the record without the person of this number: every field whose digits contain the significant digits of the
 * number is erased, and with a caller's number the caller's name. Time, length and outcome of the call are kept.
 * `number` is canonical.
 */
export function eraseCdr(cdr: Cdr, number: string, numbering: Numbering): Cdr {
  const isNumber = (text: string) =>
    canonicalNumber(text, numbering) === number || canonicalDialled(text, numbering) === number
  const copy: Cdr = { ...cdr }
  for (const [field, text] of Object.entries(cdr)) {
    if (typeof text === 'string' && !keptFields.has(field) && holdsNumber(text, number)) copy[field] = erased
  }
  const isCaller = isNumber(cdr.src) || holdsNumber(cdr.src, number) || holdsNumber(cdr.clid, number)
  if (isNumber(cdr.src)) copy.src = erased
  if (isNumber(cdr.dst)) copy.dst = erased
  if (!isCaller) return copy
  const name = nameIn(cdr.clid)
  copy.clid = erased
  // What the PBX adds about the caller repeats the name.
  for (const field of ['cnam', 'outbound_cnam']) if (copy[field] === name && name !== '') copy[field] = erased
  return copy
}
