import { ApiRefused } from './api.ts'
import { UsageError } from './config.ts'
import { InvalidProfilesError } from './profiles.ts'

/** By sysexits.h, so that a script can tell a wrong key from a cloud that is away. */
export const exitStatuses = {
  0: 'done',
  1: 'failed',
  3: 'done, but for rows of an import that are doubtful or refused, or a day that differs',
  64: 'used wrongly',
  65: 'the input is refused (400, 409, 422)',
  66: 'there is no such thing (404)',
  69: 'the API does not answer (no connection, 5xx)',
  75: 'too many requests, try later (429)',
  77: 'not allowed (401, 403)',
  78: 'the profiles are wrong',
} as const

export function exitStatusOf(error: unknown): keyof typeof exitStatuses {
  if (error instanceof UsageError || isArgumentError(error)) return 64
  if (error instanceof InvalidProfilesError) return 78
  if (error instanceof ApiRefused) return byHttpStatus(error.status)
  // What `fetch` throws when there is no answer.
  return error instanceof TypeError || (error instanceof Error && error.name === 'TimeoutError') ? 69 : 1
}

function byHttpStatus(status: number): keyof typeof exitStatuses {
  if (status >= 500) return 69
  const known: Record<number, keyof typeof exitStatuses> = { 401: 77, 403: 77, 404: 66, 429: 75 }
  return known[status] ?? 65
}

function isArgumentError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
}
