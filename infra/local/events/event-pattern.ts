import { LocalCloudError } from '../errors.ts'

/**
 * Event patterns of EventBridge ("Comparison operators for use in event patterns", and github.com/aws/event-ruler): values in a list are
 * alternatives, fields must all match, and conditions on objects of one array must hold in the same object.
 */
export type EventPattern = Readonly<Record<string, unknown>>
type Fields = Readonly<Record<string, unknown>>
type Leaf = string | number | boolean | null

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isLeaf = (value: unknown): value is Leaf =>
  value === null || ['string', 'number', 'boolean'].includes(typeof value)

/** Throws if EventBridge would reject a pattern, or the local cloud does not know one of its operators. */
export function checkPattern(pattern: unknown, rule: string): asserts pattern is EventPattern {
  if (!isFields(pattern) || Object.keys(pattern).length === 0)
    throw refused(rule, 'the pattern is not an object with fields')
  for (const [name, part] of Object.entries(pattern)) {
    if (name === '$or') {
      if (!Array.isArray(part) || part.length < 2) throw refused(rule, '$or needs a list of two or more patterns')
      for (const one of part) checkPattern(one, rule)
    } else if (Array.isArray(part)) {
      if (part.length === 0) throw refused(rule, `${name} has an empty list`)
      for (const one of part) checkCondition(one, name, rule)
    } else if (isFields(part)) checkPattern(part, rule)
    else throw refused(rule, `${name} must be an object or a list: write ["value"]`)
  }
}

export function matchesPattern(pattern: EventPattern, event: Fields): boolean {
  return Object.entries(pattern).every(([name, part]) => {
    if (name === '$or') return Array.isArray(part) && part.some((one) => isFields(one) && matchesPattern(one, event))
    const value = event[name]
    if (Array.isArray(part)) {
      const leaves = (Array.isArray(value) ? value : value === undefined ? [] : [value]).filter(isLeaf)
      return part.some((one) => holds(one, leaves))
    }
    if (!isFields(part)) return false
    const objects = (Array.isArray(value) ? value : [value]).filter(isFields)
    return (objects.length > 0 ? objects : [{}]).some((one) => matchesPattern(part, one))
  })
}

const textTests: Readonly<Record<string, (value: string, wanted: string) => boolean>> = {
  prefix: (value, wanted) => value.startsWith(wanted),
  suffix: (value, wanted) => value.endsWith(wanted),
  'equals-ignore-case': (value, wanted) => value.toLowerCase() === wanted.toLowerCase(),
  wildcard: (value, wanted) => wildcard(wanted).test(value),
}
const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
}

function checkCondition(condition: unknown, name: string, rule: string): void {
  if (isLeaf(condition)) return
  const entries = isFields(condition) ? Object.entries(condition) : []
  const [operator = '', wanted] = entries[0] ?? []
  if (entries.length === 1 && isKnown(operator, wanted)) return
  throw refused(rule, `${name} has a condition that the local cloud does not know: ${JSON.stringify(condition)}`)
}

function isKnown(operator: string, wanted: unknown): boolean {
  if (operator === 'exists') return typeof wanted === 'boolean'
  if (operator === 'numeric') return Array.isArray(wanted) && ranges(wanted) !== undefined
  if (operator in textTests)
    return typeof wanted === 'string' ? isWildcard(operator, wanted) : isCaseless(operator, wanted)
  if (operator !== 'anything-but') return false
  const values = Array.isArray(wanted) ? wanted : [wanted]
  if (values.length > 0 && values.every(isLeaf)) return true
  const [inner = '', texts] = isFields(wanted) ? (Object.entries(wanted)[0] ?? []) : []
  const all = Array.isArray(texts) ? texts : [texts]
  return (
    inner in textTests && all.length > 0 && all.every((text) => typeof text === 'string' && isWildcard(inner, text))
  )
}

/** `prefix` and `suffix` may have `{"equals-ignore-case": text}`. */
function isCaseless(operator: string, wanted: unknown): boolean {
  const isAffix = operator === 'prefix' || operator === 'suffix'
  return isAffix && isFields(wanted) && typeof wanted['equals-ignore-case'] === 'string'
}

function isWildcard(operator: string, text: string): boolean {
  return operator !== 'wildcard' || !/(^|[^\\])\*\*/.test(text)
}

/** Whether any of the values, of which an absent field has none, fulfils a condition. */
function holds(condition: unknown, values: readonly Leaf[]): boolean {
  if (isLeaf(condition)) return values.includes(condition)
  const [operator = '', wanted] = isFields(condition) ? (Object.entries(condition)[0] ?? []) : []
  if (operator === 'exists') return wanted === values.length > 0
  return values.some((value) => holdsFor(operator, wanted, value))
}

function holdsFor(operator: string, wanted: unknown, value: Leaf): boolean {
  if (operator === 'numeric')
    return (
      typeof value === 'number' &&
      (ranges(wanted as unknown[]) ?? []).every(([compare, limit]) => compare(value, limit))
    )
  if (operator === 'anything-but') {
    if (!isFields(wanted)) return !(Array.isArray(wanted) ? wanted : [wanted]).includes(value)
    const [inner = '', texts] = Object.entries(wanted)[0] ?? []
    return !(Array.isArray(texts) ? texts : [texts]).some((text) => holdsFor(inner, text, value))
  }
  if (typeof value !== 'string') return false
  if (typeof wanted === 'string') return textTests[operator]?.(value, wanted) ?? false
  const caseless = isFields(wanted) ? String(wanted['equals-ignore-case']).toLowerCase() : ''
  return textTests[operator]?.(value.toLowerCase(), caseless) ?? false
}

/** Returns the comparisons of a `numeric` list, such as `[">", 0, "<=", 5]`, or undefined if it is none. */
function ranges(list: readonly unknown[]): [(a: number, b: number) => boolean, number][] | undefined {
  const found: [(a: number, b: number) => boolean, number][] = []
  for (let at = 0; at < list.length; at += 2) {
    const [compare, limit] = [comparisons[String(list[at])], list[at + 1]]
    if (!compare || typeof limit !== 'number') return undefined
    found.push([compare, limit])
  }
  return found.length > 0 && found.length <= 2 ? found : undefined
}

/** `*` is any text, `\*` a star and `\\` a backslash. */
function wildcard(text: string): RegExp {
  const parts = text.match(/\\[\\*]|[\s\S]/g) ?? []
  const source = parts.map((part) => (part === '*' ? '[\\s\\S]*' : escaped(part.length === 2 ? part.slice(1) : part)))
  return new RegExp(`^${source.join('')}$`)
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

function refused(rule: string, why: string): LocalCloudError {
  return new LocalCloudError('template-refused', `The event pattern of the rule ${rule}: ${why}.`)
}
