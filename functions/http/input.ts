import type { APIGatewayProxyEventV2WithLambdaAuthorizer } from 'aws-lambda'
import * as v from 'valibot'
import { badFields, type FieldError, HttpProblemError } from './problem.ts'

/** A request as API Gateway passes it on. Routes without an authorizer have no authorizer context. */
export type HttpEvent = APIGatewayProxyEventV2WithLambdaAuthorizer<unknown>

/**
 * Returns the input as its schema parses it. `also` are errors that were found before; `whole` names an input that is no object.
 * @throws HttpProblemError 400 that lists every wrong field
 */
export function parseInput<S extends v.GenericSchema>(
  schema: S,
  input: unknown,
  also: readonly FieldError[] = [],
  whole = 'body',
): v.InferOutput<S> {
  const parsed = v.safeParse(schema, input)
  const unseen = parsed.success ? [...unseenErrors(input, parsed.output)] : []
  if (parsed.success && also.length + unseen.length === 0) return parsed.output
  const issues = parsed.issues ?? []
  const errors = issues.map((issue) => ({ field: v.getDotPath(issue) ?? whole, message: messageOf(issue) }))
  throw badFields([...also, ...errors, ...unseen])
}

/** Names that maps drop without an error, since they would change what an object of JavaScript is. */
const reserved = ['__proto__', 'constructor', 'prototype']

/**
 * Yields what a schema does not see in an input: an array where it has an object, which is an object without fields for it, and the
 * reserved names of a map.
 */
function* unseenErrors(input: unknown, output: unknown): Generator<FieldError> {
  // A list instead of recursion: an input may be deeper than the stack.
  const pairs = [{ field: '', input, output }]
  for (let pair = pairs.pop(); pair; pair = pairs.pop()) {
    const { field, input: given, output: parsed } = pair
    if (!isObject(given) || !isObject(parsed)) continue
    if (Array.isArray(given) && !Array.isArray(parsed)) {
      yield { field: field || 'body', message: 'Not an object.' }
      continue
    }
    const below = (key: string) => (field ? `${field}.${key}` : key)
    for (const key of reserved)
      if (Object.hasOwn(given, key) && !Object.hasOwn(parsed, key))
        yield { field: below(key), message: 'This name cannot be used: choose another one.' }
    for (const [key, value] of Object.entries(parsed))
      if (Object.hasOwn(given, key)) pairs.push({ field: below(key), input: given[key], output: value })
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** Returns the message of the schema, or a plainer one for a key that is unknown or missing. */
function messageOf({ kind, type, expected, received, path, message }: v.BaseIssue<unknown>): string {
  const key = String(path?.at(-1)?.key)
  if (kind !== 'schema' || !/^(strict_|loose_)?object$/.test(type)) return message
  if (expected === 'never') return `Unknown field: ${key}.`
  return received === 'undefined' && path ? `Missing field: ${key}.` : message
}

/** Returns the parsed JSON body, or `{ csv: text }` for the content type `text/csv`. */
export function bodyOf(event: HttpEvent): unknown {
  if (!event.body) return undefined
  const text = event.isBase64Encoded ? Buffer.from(event.body, 'base64').toString('utf8') : event.body
  if (/^text\/csv\b/i.test(event.headers['content-type'] ?? '')) return { csv: text }
  const body = jsonOf(text)
  // A schema would look at each item of an array as a field.
  if (Array.isArray(body)) throw badFields([{ field: 'body', message: 'Not an object. Example: {"name": "Office"}.' }])
  return body
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new HttpProblemError(400, 'json-malformed', 'The body is not JSON. Example: {"name": "Office"}.')
  }
}
