/**
 * Base class of every error that Switchhook expects. `errorId` is stable: logs, counters, dead letters and API answers
 * carry it. Pass the error that led to this one as `cause`.
 */
export abstract class SwitchhookError extends Error {
  abstract readonly errorId: string

  /** Whether the same attempt can succeed later without anyone's help. */
  shouldRetry(): boolean {
    return false
  }
}
