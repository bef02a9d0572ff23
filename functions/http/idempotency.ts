import { sha256 } from '../domain/api-key.ts'
import { badFields, HttpProblemError } from './problem.ts'

const keyForm = /^[\x21-\x7e]{1,255}$/

export function isIdempotencyKey(text: string): boolean {
  return keyForm.test(text)
}

export function idempotencyKeyMalformed(): HttpProblemError {
  const message = 'Missing or malformed header: 1 to 255 visible characters. Example: 3f9a8c1e5b7d42a0.'
  return badFields([{ field: 'Idempotency-Key', message }])
}

export function idempotencyKeyReused(): HttpProblemError {
  const detail = 'This Idempotency-Key was sent with another body before. Use a new key.'
  return new HttpProblemError(422, 'idempotency-key-reused', detail)
}

/** Hashes the parsed body with sorted keys, so that spaces and key order do not matter. */
export function hashOf(request: object): string {
  const sorted = (_: string, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort())
      : value
  return sha256(JSON.stringify(request, sorted))
}
