import * as v from 'valibot'
import type { Outcome } from '../functions/outcome.ts'

export interface HttpAnswer {
  status: number
  headers: Record<string, string | string[]>
  body: Buffer
}

const scalar = v.pipe(v.union([v.string(), v.number(), v.boolean()]), v.transform(String))
const Structured = v.looseObject({
  statusCode: v.pipe(
    v.union([v.number(), v.string()]),
    v.transform(Number),
    v.integer(),
    v.minValue(100),
    v.maxValue(599),
  ),
  headers: v.optional(v.nullable(v.record(v.string(), scalar))),
  cookies: v.optional(v.array(v.string())),
  body: v.optional(v.nullable(v.string())),
  isBase64Encoded: v.optional(v.boolean(), false),
})
const HasStatus = v.looseObject({ statusCode: v.unknown() })

/** Returns an answer of API Gateway itself: `{"message":"Not Found"}`. */
export function messageAnswer(status: number, message: string): HttpAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify({ message })) }
}

export const internalError = messageAnswer(500, 'Internal Server Error')

/**
 * Converts a function's response to an HTTP answer ("Lambda function response for format 2.0"). A response without `statusCode`
 * becomes the body of a 200; one with `statusCode` that does not have the documented shape becomes a 500.
 */
export function httpAnswer(outcome: Outcome): HttpAnswer {
  if (outcome.isTooLarge) return messageAnswer(413, 'Request Too Long')
  if (outcome.functionError) return internalError
  const value: unknown = JSON.parse(outcome.payload)
  if (!v.is(HasStatus, value)) {
    const body = typeof value === 'string' ? value : outcome.payload
    return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(body) }
  }
  const parsed = v.safeParse(Structured, value)
  if (!parsed.success) return internalError
  const { statusCode, cookies, body, isBase64Encoded } = parsed.output
  const given = Object.entries(parsed.output.headers ?? {}).map(([name, text]) => [name.toLowerCase(), text] as const)
  const headers: Record<string, string | string[]> = {
    'content-type': 'text/plain;charset=UTF-8',
    ...Object.fromEntries(given),
  }
  if (cookies) headers['set-cookie'] = cookies
  return { status: statusCode, headers, body: Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8') }
}
