import type { Cdr } from '../../../contracts/cdr.ts'
import type { NumberSearch } from '../../../contracts/numbers/number-search.ts'
import { nameIn } from '../calls/caller-name.ts'
import { erased } from '../personal.ts'

/** Ids by which records are told apart: the part that holds the number is replaced, the rest stays. */
const ids: ReadonlySet<string> = new Set(['uniqueid', 'linkedid'])
/** Times, which are no numbers. */
const times: ReadonlySet<string> = new Set(['start', 'answer', 'end'])
/** The caller's name, which a PBX adds. */
const callerName = 'cnam'
/** The name that a PBX shows outside, which may be that of the caller or of the company. */
const nameOutside = 'outbound_cnam'

/** A row of the call log, whatever its key. Parties are canonical numbers. */
interface CdrRow {
  cdr: Cdr
  raw?: string | undefined
  a?: string | undefined
  b?: string | undefined
}

/**
 * Whether a row holds the number where an erasure removes it. Keys and times are not searched: a site id or a date may have the
 * same digits, and would be found again by each pass.
 */
export function findsInRow({ cdr, raw, a, b }: CdrRow, search: NumberSearch): boolean {
  if (Object.entries(cdr).some(([field, text]) => isHeld(field, text, search))) return true
  return [raw, a, b].some((text) => text !== undefined && search.holds(text))
}

function isHeld(field: string, text: unknown, search: NumberSearch): text is string {
  return typeof text === 'string' && !times.has(field) && search.holds(text)
}

/**
 * Returns the record without the person of this number: every text that holds the number is erased, those that a PBX adds to
 * Asterisk's own too, and with a caller's number the caller's name. Time, length and outcome of the call are kept.
 * @param newId returns the id that replaces one that holds the number
 */
export function eraseCdr(cdr: Cdr, search: NumberSearch, newId: (id: string) => string): Cdr {
  const copy: Cdr = { ...cdr }
  for (const [field, text] of Object.entries(cdr)) {
    if (isHeld(field, text, search)) copy[field] = ids.has(field) ? newId(text) : erased
  }
  const isCaller = [cdr.src, cdr.clid, cdr['cnum']].some((text) => typeof text === 'string' && search.holds(text))
  if (!isCaller) return copy
  const names = [nameIn(cdr.clid), cdr.clid, cdr[callerName]]
  copy.clid = erased
  if (isFilled(copy[callerName])) copy[callerName] = erased
  if (isFilled(copy[nameOutside]) && names.includes(cdr[nameOutside])) copy[nameOutside] = erased
  return copy
}

function isFilled(field: unknown): boolean {
  return field !== undefined && field !== ''
}
