import * as v from 'valibot'

/** Values for fields that do not accept any text: a field gets the first one that its schema accepts. */
const candidates: readonly unknown[] = [
  1,
  true,
  '2026-11-24T08:00:00.000Z',
  '2026-11-24T08:00:00+0000',
  '1795500000.0000000001',
  'PJSIP/5860',
]

/**
 * Returns a value of a schema in which each optional field is present, each list has one item, and each field that accepts any text
 * has `text(path)`.
 */
export function fullSample(schema: v.GenericSchema, text: (path: string) => string, path = ''): unknown {
  const inner = wrappedIn(schema)
  if (inner !== undefined) return fullSample(inner, text, path)
  const entries = entriesOf(schema)
  if (entries) {
    return Object.fromEntries(
      Object.entries(entries).map(([name, entry]) => [name, fullSample(entry, text, path ? `${path}.${name}` : name)]),
    )
  }
  if ('item' in schema && isSchema(schema.item)) return [fullSample(schema.item, text, path)]
  if (schema.type === 'record') return { [text(path)]: text(path) }
  const written = text(path)
  if (v.is(schema, written)) return written
  const options = 'options' in schema && Array.isArray(schema.options) ? schema.options.filter(isText) : []
  const literal = 'literal' in schema ? [schema.literal] : []
  const found = [...literal, ...options, ...candidates].find((value) => v.is(schema, value))
  if (found === undefined) throw new Error(`No candidate fits ${path}: add one to test/support/full-sample.ts.`)
  return found
}

/** The entries of an object schema. */
export function entriesOf(schema: v.GenericSchema): Record<string, v.GenericSchema> | undefined {
  if (!('entries' in schema) || typeof schema.entries !== 'object' || schema.entries === null) return undefined
  return Object.fromEntries(
    Object.entries(schema.entries).filter((entry): entry is [string, v.GenericSchema] => isSchema(entry[1])),
  )
}

function wrappedIn(schema: v.GenericSchema): v.GenericSchema | undefined {
  return 'wrapped' in schema && isSchema(schema.wrapped) ? schema.wrapped : undefined
}

function isSchema(value: unknown): value is v.GenericSchema {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'schema'
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
