import { type ExitStatus, exitStatus, FatalError } from '../failure.ts'

/** Why `setup` changed nothing: one sentence that says what to do. */
export class SetupRefusedError extends FatalError {
  constructor(errorId: string, sentence: string, status: ExitStatus = exitStatus.config, options?: ErrorOptions) {
    super(errorId, status, sentence, options)
  }
}
