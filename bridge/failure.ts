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

  /** The sentence in two parts: what is wrong, and after the first colon what to do, if it says that. */
  get parts(): { reason: string; repair: string | undefined } {
    const [reason = this.message, ...repair] = this.message.split(': ')
    return { reason, repair: repair.join(': ') || undefined }
  }
}

/**
 * Whether a part of the bridge that runs beside others waits for better times after this error: an Asterisk that is away, refuses a request
 * or answers oddly ends no other part. Every other error is a fault of the program, or a wrong setting.
 */
export function isWaitedOut(error: unknown): error is SwitchhookError {
  return error instanceof SwitchhookError && !(error instanceof FatalError)
}

/** Returns the code of a Node or system error, for example `ENOENT`, or of its cause; an empty string if there is no code. */
export function errorCode(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  if (error instanceof Error && error.cause !== undefined) return errorCode(error.cause)
  return ''
}
