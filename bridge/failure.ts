/** What the bridge's errors have in common: a stable id, and whether trying again can help. */
export abstract class BridgeError extends Error {
  abstract readonly errorId: string
  shouldRetry(): boolean {
    return false
  }
}

/** Exit statuses by `sysexits.h`, so that a service manager can tell a wrong setting from a passing fault. */
export const exitStatus = {
  usage: 64,
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

/** The bridge cannot start or go on. The message is one sentence that says what to do and holds no secret. */
export class CannotRun extends BridgeError {
  readonly errorId: string
  readonly exitStatus: ExitStatus
  constructor(errorId: string, status: ExitStatus, sentence: string, options?: ErrorOptions) {
    super(sentence, options)
    this.name = 'CannotRun'
    this.errorId = errorId
    this.exitStatus = status
  }
}

/** The code of a Node or system error, such as `ENOENT`; empty where there is none. */
export function errorCode(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  if (error instanceof Error && error.cause !== undefined) return errorCode(error.cause)
  return ''
}
