import * as v from 'valibot'
import type { HttpEvent } from './admit.ts'
import { badFields, HttpProblem } from './problem.ts'

/** Parses input by its schema; all that is wrong is told at once. */
export function parseInput<S extends v.GenericSchema>(schema: S, input: unknown): v.InferOutput<S> {
  const parsed = v.safeParse(schema, input)
  if (parsed.success) return parsed.output
  throw badFields(parsed.issues.map((issue) => ({ field: v.getDotPath(issue) ?? 'body', message: issue.message })))
}

export function jsonBody(event: HttpEvent): unknown {
  if (!event.body) return undefined
  const text = event.isBase64Encoded ? Buffer.from(event.body, 'base64').toString('utf8') : event.body
  try {
    return JSON.parse(text)
  } catch {
    throw new HttpProblem(400, 'json-malformed', 'The body is not JSON.')
  }
}
