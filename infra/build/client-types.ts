import { toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'

const Node = v.looseObject({
  type: v.optional(v.string()),
  format: v.optional(v.string()),
  const: v.optional(v.unknown()),
  enum: v.optional(v.array(v.unknown())),
  anyOf: v.optional(v.array(v.unknown())),
  items: v.optional(v.unknown()),
  properties: v.optional(v.record(v.string(), v.unknown())),
  required: v.optional(v.array(v.string()), []),
  additionalProperties: v.optional(v.unknown()),
})

/** The only class whose instances are in an answer is Uint8Array. */
const bytes = { type: 'string', format: 'binary' } as const

/** Returns the type of a schema as TypeScript, so that users of the client need no schema library. */
export function typeOf(schema: v.GenericSchema, typeMode: 'input' | 'output' = 'output'): string {
  const json = toJsonSchema(schema, {
    typeMode,
    errorMode: 'ignore',
    overrideSchema: ({ valibotSchema }) => (valibotSchema.type === 'instance' ? bytes : undefined),
  })
  return write(json)
}

function write(json: unknown): string {
  const node = v.safeParse(Node, json)
  if (!node.success) return 'unknown'
  const { type, format, enum: values, anyOf, items, properties, required, additionalProperties } = node.output
  if ('const' in node.output) return JSON.stringify(node.output.const)
  if (values) return values.map((value) => JSON.stringify(value)).join(' | ')
  if (anyOf) return anyOf.map((one) => `(${write(one)})`).join(' | ')
  if (type === 'array') return `(${items === undefined ? 'unknown' : write(items)})[]`
  if (format === 'binary') return 'Uint8Array'
  if (type === 'integer') return 'number'
  if (type === 'string' || type === 'number' || type === 'boolean' || type === 'null') return type
  if (type !== 'object') return 'unknown'
  const fields = Object.entries(properties ?? {}).map(
    ([name, field]) =>
      `${JSON.stringify(name)}${required.includes(name) ? '' : '?'}: ${write(field)}${required.includes(name) ? '' : ' | undefined'}`,
  )
  // A later version of the cloud may add fields.
  const more = additionalProperties === false ? [] : ['[field: string]: unknown']
  return `{ ${[...fields, ...more].join('; ')} }`
}
