import type { NumberSearch } from '../../../contracts/numbers/number-search.ts'
import { erased } from '../personal.ts'

/** Fields of parties and calls that hold the number of a person. */
const numbers: ReadonlySet<string> = new Set([
  'number',
  'extension',
  'dialled',
  'target',
  'party',
  'who',
  'src',
  'dst',
  'did',
  'cnum',
  'forwardedFrom',
  'transferredTo',
  'dials',
])
/** Texts that repeat the numbers of a call, or its caller's name. */
const repeating = ['summary', 'clid', 'cnam'] as const

/**
 * Returns a fact or an event without an extension or a name, where a field of a party is nothing else; itself if there is none. Other
 * texts are not searched: the digits of an extension, and states that a name may equal, occur anywhere.
 */
export function withoutParty(value: unknown, search: NumberSearch, field = ''): unknown {
  if (typeof value === 'string') return numbers.has(field) && search.holds(value) ? erased : value
  if (Array.isArray(value)) {
    const copy = value.map((part) => withoutParty(part, search, field))
    return copy.every((part, n) => part === value[n]) ? value : copy
  }
  if (typeof value !== 'object' || value === null || value instanceof Set || value instanceof Uint8Array) return value
  const entries = Object.entries(value).map(([name, part]): [string, unknown, boolean] => {
    const next = withoutParty(part, search, name)
    return [name, next, next !== part]
  })
  if (!entries.some(([, , isChanged]) => isChanged)) return value
  const copy: Record<string, unknown> = Object.fromEntries(entries)
  for (const name of repeating) if (typeof copy[name] === 'string') copy[name] = erased
  if (copy['number'] === erased && typeof copy['name'] === 'string' && copy['name'] !== '') copy['name'] = erased
  return copy
}
