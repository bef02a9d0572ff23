import { SwitchhookError } from '../../contracts/errors.ts'

/**
 * Why the local cloud cannot start or cannot do what it is asked. The message says what is wrong and what to do. Starting
 * again without a change would fail in the same way, so `shouldRetry()` is false.
 */
export class LocalCloudError extends SwitchhookError {
  readonly errorId: string

  constructor(errorId: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.errorId = errorId
  }
}

/** The error's message, also for what is thrown and is no Error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The `code` of a system error ('ENOENT', 'EADDRINUSE'), if it has one. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
