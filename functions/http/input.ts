import * as v from 'valibot'
import type { HttpEvent } from './admit.ts'
import { badFields, HttpProblem } from './problem.ts'

/** Parses input by its schema; all that is wrong is told at once. */
export function parseInput<S extends v.GenericSchema>(schema: S, input: unknown): v.InferOutput<S> {
  const parsed = v.safeParse(schema, input)
  if (parsed.success) return parsed.output
  throw badFields(parsed.issues.map((issue) => ({ field: v.getDotPath(issue) ?? 'body', message: issue.message })))
}

/** The body as its content type has it: a CSV file stands as `{ csv }`, all else is JSON. */
export function bodyOf(event: HttpEvent): unknown {
  if (!event.body) return undefined
  const text = event.isBase64Encoded ? Buffer.from(event.body, 'base64').toString('utf8') : event.body
  if (/^text\/csv\b/i.test(event.headers['content-type'] ?? '')) return { csv: text }
  try {
    return JSON.parse(text)
  } catch {
    throw new HttpProblem(400, 'json-malformed', 'The body is not JSON.')
  }
}
