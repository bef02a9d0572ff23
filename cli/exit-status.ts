import { CommanderError } from '@commander-js/extra-typings'
import { ApiError } from '../client/http-client.ts'
import { SwitchhookError } from '../contracts/errors.ts'
import { UsageError } from './options.ts'
import { InvalidProfilesError } from './profiles.ts'

/** By sysexits.h, so that a script can tell a wrong key from an API that is down. */
export const exitStatuses = {
  0: 'done',
  1: 'failed',
  3: 'done, but some imported rows are doubtful or refused, or the verified day or the folder differs',
  64: 'wrong command line',
  65: 'the input is refused (HTTP 400, 409 or 422), or a menu, a site or a PBX has faults',
  66: 'not found (HTTP 404)',
  69: 'the API cannot be reached or fails (HTTP 5xx)',
  75: 'too many requests: try again later (HTTP 429)',
  77: 'the key is not valid or may not do this (HTTP 401 or 403)',
  78: 'the file of profiles is damaged, or the profile does not exist',
} as const
export type ExitStatus = keyof typeof exitStatuses
/** Called by a command that ends with another exit status than 0. */
export type SetStatus = (status: ExitStatus) => void

export function exitStatusOf(error: unknown): ExitStatus {
  // Commander stops the command by an error after it printed help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 64
  if (error instanceof UsageError) return 64
  if (error instanceof InvalidProfilesError) return 78
  if (error instanceof ApiError) return byHttpStatus(error.status)
  if (error instanceof SwitchhookError && refusals.has(error.errorId)) return 65
  return 1
}

/** Errors of `pbx render` about what the person wrote. */
const refusals: ReadonlySet<string> = new Set([
  'site-invalid',
  'site-unreadable',
  'secrets-invalid',
  'secrets-missing',
  'files-kept-by-hand',
  'configuration-unreadable',
])

function byHttpStatus(status: number): ExitStatus {
  if (status === 0 || status >= 500) return 69
  const known: Record<number, ExitStatus> = { 401: 77, 403: 77, 404: 66, 429: 75 }
  return known[status] ?? 65
}
