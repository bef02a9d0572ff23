import type * as v from 'valibot'

/** What the documents say about a field or parameter. */
export interface FieldText {
  /** One sentence or noun phrase. */
  description: string
  /** A valid value as it is sent. */
  example?: unknown
}

const texts = new WeakMap<object, FieldText>()

/**
 * Returns a copy of the schema that the documents describe with this text. The text is kept beside the schema, not in it as
 * valibot's own `description` would be, so that parsing costs the same with it: a CDR has 21 fields and a message 900 CDRs.
 * The annotation lets bundlers drop schemas that a page does not use.
 */
/* @__NO_SIDE_EFFECTS__ */
export function field<S extends v.GenericSchema>(schema: S, description: string, example?: v.InferInput<S>): S {
  const copy = { ...schema }
  texts.set(copy, { description, ...(example !== undefined && { example }) })
  return copy
}

/** Returns the text of a schema that `field` made. */
export function fieldText(schema: object): FieldText | undefined {
  return texts.get(schema)
}
