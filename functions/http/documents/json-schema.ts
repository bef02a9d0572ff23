import { toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import { type FieldText, fieldText } from '../../../contracts/field.ts'

export type Json = Record<string, unknown>

/**
 * Returns the JSON Schema of a value as it is sent, that is before valibot transforms it, with the texts of `field`. What JSON
 * Schema cannot express is left out; the API checks it all the same.
 */
export function jsonSchema(schema: v.GenericSchema, target: 'draft-07' | 'draft-2020-12'): Json {
  const { $schema: _dialect, ...json } = toJsonSchema(schema, {
    typeMode: 'input',
    errorMode: 'ignore',
    target,
    overrideSchema: ({ valibotSchema, jsonSchema: own }) => {
      if (valibotSchema.type === 'instance') return binary
      if (!v.is(WithEntries, valibotSchema) || !own.properties) return undefined
      const described = Object.entries(own.properties).map(([name, property]) => {
        return [name, withText(property, textOf(valibotSchema.entries[name]))]
      })
      return { ...own, properties: Object.fromEntries(described) }
    },
  })
  return json
}

/** Bytes, as OpenAPI writes them. */
const binary = { type: 'string', format: 'binary' } as const

const WithEntries = v.looseObject({ entries: v.record(v.string(), v.looseObject({})) })
const Optional = v.looseObject({ wrapped: v.looseObject({}) })

/** Returns the text of a field, which `v.optional` may wrap. */
export function textOf(schema: object | undefined): FieldText | undefined {
  if (!schema) return undefined
  return fieldText(schema) ?? (v.is(Optional, schema) ? textOf(schema.wrapped) : undefined)
}

function withText(property: object | boolean, text: FieldText | undefined): object | boolean {
  if (!text || typeof property === 'boolean') return property
  const { description, example } = text
  return { ...property, description, ...(example !== undefined && { examples: [example] }) }
}
