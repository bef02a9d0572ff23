import fc from 'fast-check'
import type { Random } from '../random.ts'
import { oddTexts, oddValue } from './odd-values.ts'

/** The part of JSON Schema that the served documents use. */
export interface Schema {
  type?: string
  const?: unknown
  enum?: readonly unknown[]
  anyOf?: readonly Schema[]
  oneOf?: readonly Schema[]
  allOf?: readonly Schema[]
  properties?: Readonly<Record<string, Schema>>
  required?: readonly string[]
  additionalProperties?: boolean | Schema
  propertyNames?: Schema
  items?: Schema
  pattern?: string
  examples?: readonly unknown[]
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  minItems?: number
  maxItems?: number
}

/** Depth of a generated value; the documents' own schemas are less deep. */
const depthMax = 8

/** Values by the name of a field, where one from the schema would never reach further: ids and cursors that exist. */
export type Known = (name: string) => unknown

/** Returns a value that fits the schema, as far as the schema says; at random an example, a bound or something between. */
export function valueFor(schema: Schema, random: Random, known: Known, name = '', depth = 0): unknown {
  const given = known(name)
  if (given !== undefined && random.next() < 0.7) return given
  if (schema.examples?.length && random.next() < 0.5) return structuredClone(random.pick(schema.examples))
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return random.pick(schema.enum)
  const alternatives = schema.anyOf ?? schema.oneOf
  if (alternatives?.length) return valueFor(random.pick(alternatives), random, known, name, depth)
  if (schema.allOf?.length) return valueFor(Object.assign({}, ...schema.allOf), random, known, name, depth)
  if (schema.type === 'object' || schema.properties) return objectOf(schema, random, known, depth)
  if (schema.type === 'array') {
    const { items = {}, minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema
    const length = Math.min(maxItems, minItems + random.below(4))
    return Array.from({ length }, () => (depth > depthMax ? 1 : valueFor(items, random, known, name, depth + 1)))
  }
  if (schema.type === 'string') return textOf(schema, random)
  if (schema.type === 'integer' || schema.type === 'number') return numberOf(schema, random)
  if (schema.type === 'boolean') return random.next() < 0.5
  if (schema.type === 'null') return null
  return oddValue(random)
}

function objectOf(schema: Schema, random: Random, known: Known, depth: number): Record<string, unknown> {
  const {
    properties = {},
    required = [],
    additionalProperties,
    propertyNames = { type: 'string', maxLength: 20 },
  } = schema
  const chosen = Object.entries(properties).filter(
    ([name]) => required.includes(name) || (depth <= depthMax && random.next() < 0.4),
  )
  const fields = chosen.map(([name, field]) => [name, valueFor(field, random, known, name, depth + 1)])
  if (typeof additionalProperties === 'object' && depth <= depthMax) {
    for (let n = random.below(3); n > 0; n--)
      fields.push([textOf(propertyNames, random), valueFor(additionalProperties, random, known, '', depth + 1)])
  }
  return Object.fromEntries(fields)
}

const samples = new Map<string, readonly string[]>()

function textOf({ pattern, minLength = 0, maxLength = 60 }: Schema, random: Random): string {
  if (pattern !== undefined) return random.pick(samplesOf(pattern, random))
  const length = minLength + random.below(Math.min(maxLength, minLength + 40) - minLength + 1)
  if (length === 0) return ''
  const letters = random.next() < 0.2 ? [...'aé\u{1f600}٣ß "\\'] : [...'abcdefghijklmnopqrstuvwxyz0123456789 .-_']
  return Array.from({ length }, () => random.pick(letters)).join('')
}

/** Returns texts that match a pattern, made once. What fast-check cannot make of a pattern is made of odd texts. */
function samplesOf(pattern: string, random: Random): readonly string[] {
  const found = samples.get(pattern)
  if (found) return found
  let made: readonly string[]
  try {
    made = fc.sample(fc.stringMatching(new RegExp(pattern)), { numRuns: 40, seed: random.below(2 ** 31) })
  } catch {
    made = oddTexts
  }
  samples.set(pattern, made)
  return made
}

function numberOf({ type, minimum = 0, maximum = minimum + 1_000 }: Schema, random: Random): number {
  const between = minimum + random.next() * (maximum - minimum)
  const value = random.pick([minimum, maximum, between])
  return type === 'integer' ? Math.floor(value) : value
}

/** A place in a JSON value: the object or array that holds it, and its name there. */
type Place = [holder: Record<string, unknown>, name: string]

function placesIn(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return []
  const holder = value as Record<string, unknown>
  return Object.keys(holder).flatMap((name): Place[] => [[holder, name], ...placesIn(holder[name])])
}

/** Returns the value with one change at a random place: another value, none, one too many, or one just beyond a bound. */
export function nearly(value: unknown, random: Random): unknown {
  const copy: unknown = structuredClone(value)
  const places = placesIn(copy)
  if (places.length === 0 || random.next() < 0.05) return oddValue(random)
  const [holder, name] = random.pick(places)
  const was = holder[name]
  const others: (() => unknown)[] = [
    () => oddValue(random),
    () => oddValue(random),
    () => [was],
    () =>
      typeof was === 'number'
        ? was + random.pick([-1, 1, 0.5, 1e6])
        : typeof was === 'object'
          ? JSON.stringify(was)
          : String(was),
    () => (typeof was === 'string' ? was.repeat(random.pick([2, 30, 300])) : Array(300).fill(was)),
    () => (typeof was === 'string' ? was.toUpperCase() : null),
  ]
  const kind = random.next()
  if (kind < 0.15) delete holder[name]
  else if (kind < 0.3) holder[random.pick(oddTexts)] = oddValue(random)
  else holder[name] = random.pick(others)()
  return copy
}
