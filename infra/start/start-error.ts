import { SwitchhookError } from '../../contracts/errors.ts'

/** Why `npm start` cannot continue. The message says what to do; `exitStatus` follows sysexits.h. */
export class StartError extends SwitchhookError {
  readonly errorId: string
  readonly exitStatus: number
  constructor(errorId: string, message: string, exitStatus: number, options?: ErrorOptions) {
    super(message, options)
    this.errorId = errorId
    this.exitStatus = exitStatus
  }
}
