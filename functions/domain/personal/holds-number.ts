import { cdrFields } from '../../../contracts/cdr.ts'
import { addedFields } from '../../../contracts/cdr-row/layout.ts'

/**
 * Fields in which no PBX writes a number: times, lengths, outcomes and the ids by which records are told apart. All others
 * are searched when a number is erased, those that a PBX adds too.
 */
export const keptFields: ReadonlySet<string> = new Set([
  'start',
  'answer',
  'end',
  'duration',
  'billsec',
  'disposition',
  'amaflags',
  'uniqueid',
  'linkedid',
  'sequence',
  'lastapp',
])

/** Fields that FreePBX and its kin add to those of `addedFields`. */
const otherAddedFields = ['outbound_cnum', 'outbound_cnam', 'dst_cnam']

/** The fields in which DynamoDB looks for a number. */
export const searchedFields: readonly string[] = [...cdrFields, ...addedFields, ...otherAddedFields].filter(
  (field) => !keptFields.has(field),
)

/** The subscriber's part of a number: what is the same in 0612345678, +33612345678 and 0033612345678. */
const significantDigits = 9
/** Fewer digits occur by chance in any text; they are an extension's, which is looked for as a party alone. */
const textDigitsMin = 6

/** The digits by which a canonical number is looked for in texts; undefined for one too short to be told from chance. */
export function searchableDigits(number: string): string | undefined {
  const digits = number.replace(/\D/g, '').slice(-significantDigits)
  return digits.length >= textDigitsMin ? digits : undefined
}

/** Whether a text contains a canonical number, in any spelling of it. */
export function holdsNumber(text: string, number: string): boolean {
  const digits = searchableDigits(number)
  if (digits === undefined) return text === number
  return text.includes(number) || text.replace(/[\s().\-/]/g, '').includes(digits)
}
