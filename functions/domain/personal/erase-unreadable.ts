import type { NumberSearch } from '../../../contracts/numbers/number-search.ts'
import { erased } from '../personal.ts'
import { erasedFrom } from './erase-item.ts'
import type { Erasing } from './erasing.ts'

type Fields = Record<string, unknown>
/** Attributes of DynamoDB's and of the stores, which are times or counts. */
const counts: ReadonlySet<string> = new Set(['ttl', 'start', 'answer', 'end', 'duration', 'billsec', 'sequence'])
const ids = ['linkedid', 'uniqueid']
const names = ['clid', 'cnam', 'outbound_cnam']

/**
 * Returns a row of the call log that no schema accepts without the number, and the row itself if it does not hold it. A text may be
 * stored as a number there, or a record as a text. The caller's names go with any of the numbers of the record.
 */
export function erasedUnreadable(row: Fields, { search, newId }: Erasing): Fields {
  const texts = withTexts(row, search)
  const copy = erasedFrom(texts, search)
  if (!isFields(copy) || copy === row) return row
  const [cdr, seen] = [copy['cdr'], texts['cdr']]
  if (!isFields(cdr) || !isFields(seen)) return copy
  const record = { ...cdr }
  for (const id of ids) if (record[id] === erased && seen[id] !== erased) record[id] = newId(String(seen[id]))
  for (const name of names) if (record[name] !== undefined && cdr !== seen) record[name] = erased
  return { ...copy, cdr: record }
}

/** Returns an item that no schema accepts with the numbers that may be the searched one as texts; itself if there is none. */
export function withTexts(item: Fields, search: NumberSearch): Fields {
  const texts = numbersAsTexts(item, search)
  return isFields(texts) ? texts : item
}

function numbersAsTexts(value: unknown, search: NumberSearch): unknown {
  if (typeof value === 'number' || typeof value === 'bigint') return search.holds(String(value)) ? String(value) : value
  if (Array.isArray(value)) {
    const copy = value.map((part) => numbersAsTexts(part, search))
    return copy.every((part, n) => part === value[n]) ? value : copy
  }
  if (!isFields(value) || value instanceof Set || value instanceof Uint8Array) return value
  const parts = Object.entries(value).map(([key, part]): [string, unknown] => [
    key,
    counts.has(key) ? part : numbersAsTexts(part, search),
  ])
  return parts.every(([key, part]) => part === value[key]) ? value : Object.fromEntries(parts)
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}
