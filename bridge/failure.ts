import { SwitchhookError } from '../contracts/errors.ts'

/** Exit statuses of `sysexits.h`, so that a service manager can tell a wrong setting from a temporary fault. */
export const exitStatus = {
  usage: 64,
  dataError: 65,
  noInput: 66,
  unavailable: 69,
  software: 70,
  cannotCreate: 73,
  ioError: 74,
  tempFail: 75,
  protocol: 76,
  noPermission: 77,
  config: 78,
} as const
export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus]

/**
 * The bridge cannot start, or cannot continue: the process ends with `exitStatus`. The message is one sentence that says
 * what the operator must do. It contains no secret.
 */
export class FatalError extends SwitchhookError {
  readonly errorId: string
  readonly exitStatus: ExitStatus
  constructor(errorId: string, status: ExitStatus, sentence: string, options?: ErrorOptions) {
    super(sentence, options)
    this.errorId = errorId
    this.exitStatus = status
  }
}

/** Returns the code of a Node or system error, for example `ENOENT`, or of its cause; an empty string if there is no code. */
export function errorCode(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  if (error instanceof Error && error.cause !== undefined) return errorCode(error.cause)
  return ''
}
