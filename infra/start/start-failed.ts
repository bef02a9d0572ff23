/** Why `npm start` cannot go on, in a sentence that says what to do. `exitStatus` follows sysexits.h. */
export class StartFailed extends Error {
  readonly errorId: string
  readonly exitStatus: number
  constructor(errorId: string, message: string, exitStatus: number, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StartFailed'
    this.errorId = errorId
    this.exitStatus = exitStatus
  }
}
