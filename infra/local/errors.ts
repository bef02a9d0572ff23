/**
 * What can stop the local cloud from starting. Each message is one sentence for a person at a terminal: what is wrong and
 * what to do. `errorId` is stable, for scripts and the documentation.
 */
export class LocalCloudError extends Error {
  readonly errorId: string

  constructor(errorId: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'LocalCloudError'
    this.errorId = errorId
  }

  /** Starting again without a change on this machine would end the same way. */
  shouldRetry(): boolean {
    return false
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
