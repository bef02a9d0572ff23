import type { NumberSearch } from '../../../contracts/numbers/number-search.ts'
import { erased } from '../personal.ts'

/** Whether any text or key in a value holds the number. */
export function findsIn(value: unknown, search: NumberSearch): boolean {
  return search.mayHold(JSON.stringify(value) ?? '') && erasedFrom(value, search) !== value
}

/** Returns the value without the number: each text that holds it is replaced, and each key; the value itself if none does. */
export function erasedFrom(value: unknown, search: NumberSearch): unknown {
  if (typeof value === 'string') return search.holds(value) ? erased : value
  if (Array.isArray(value)) {
    const copy = value.map((part) => erasedFrom(part, search))
    return copy.some((part, i) => part !== value[i]) ? copy : value
  }
  if (value instanceof Set) {
    const copy = [...value].map((part) => erasedFrom(part, search))
    return copy.every((part) => value.has(part)) ? value : new Set(copy)
  }
  if (typeof value !== 'object' || value === null) return value
  const copy: Record<string, unknown> = {}
  let isChanged = false
  for (const [key, part] of Object.entries(value)) {
    const [name, content] = [search.holds(key) ? freeName(copy) : key, erasedFrom(part, search)]
    if (name !== key || content !== part) isChanged = true
    copy[name] = content
  }
  // The name beside an erased number is that of the same person.
  if (isChanged && copy['number'] === erased && typeof copy['name'] === 'string' && copy['name'] !== '') {
    copy['name'] = erased
  }
  return isChanged ? copy : value
}

/**
 * Returns the fields of an item in whose texts the number occurs, without the number: the texts around it stay. `fixed` are names
 * of fields, at any depth, that are not searched.
 */
export function replacedFields(
  item: Record<string, unknown>,
  search: NumberSearch,
  fixed: ReadonlySet<string>,
): [name: string, value: unknown][] {
  return Object.entries(item).flatMap(([name, value]): [string, unknown][] => {
    const next = fixed.has(name) ? value : replacedIn(value, search, fixed)
    return next === value ? [] : [[name, next]]
  })
}

function replacedIn(value: unknown, search: NumberSearch, fixed: ReadonlySet<string>): unknown {
  if (typeof value === 'string') return search.replaceIn(value, erased)
  if (Array.isArray(value)) {
    const copy = value.map((part) => replacedIn(part, search, fixed))
    return copy.every((part, n) => part === value[n]) ? value : copy
  }
  if (typeof value !== 'object' || value === null || value instanceof Set || value instanceof Uint8Array) return value
  const changed = replacedFields({ ...value }, search, fixed)
  return changed.length === 0 ? value : { ...value, ...Object.fromEntries(changed) }
}

/** Two keys of one map may hold the number, such as a trunk under two technologies: both parts are kept. */
function freeName(taken: Record<string, unknown>): string {
  let name: string = erased
  for (let n = 2; name in taken; n += 1) name = `${erased} ${n}`
  return name
}
