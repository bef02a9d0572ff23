import { SwitchhookError } from '../contracts/errors.ts'

/** API Gateway answers an HTTP request within 30 s or not at all. */
export const answerMsMax = 30_000

/** A wrong field of the input. */
export interface FieldError {
  field: string
  message: string
}

interface ApiErrorOptions extends ErrorOptions {
  retryAfterMs?: number | undefined
  errors?: readonly FieldError[] | undefined
}

/** The HTTP API refused or failed: `errorId`, `status` and message come from its problem document (RFC 9457). */
export class ApiError extends SwitchhookError {
  override readonly name = 'ApiError'
  readonly errorId: string
  /** The HTTP status; 0 if no answer came. */
  readonly status: number
  /** How long the API asks the caller to wait before the next attempt. */
  readonly retryAfterMs: number | undefined
  /** The wrong fields of the input, if the API named them. */
  readonly errors: readonly FieldError[] | undefined
  constructor(errorId: string, status: number, detail: string, options: ApiErrorOptions = {}) {
    super(detail, options)
    this.errorId = errorId
    this.status = status
    this.retryAfterMs = options.retryAfterMs
    this.errors = options.errors
  }
  override shouldRetry(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500
  }
}

export interface ApiOptions {
  /** Address of the HTTP API without `/v1`, for example `https://api.example.com`. */
  apiUrl: string
  site: string
  key: string
  fetch?: typeof fetch | undefined
}
