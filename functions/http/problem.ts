import { SwitchhookError } from '../../contracts/errors.ts'
import type { Problem } from '../../contracts/http.ts'

const titles: Record<number, string> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition failed',
  413: 'Content too large',
  422: 'Unprocessable content',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Service unavailable',
}

export type FieldError = { field: string; message: string }
export interface ProblemExtras {
  errors?: FieldError[]
  headers?: Record<string, string>
}

/** A problem document (RFC 9457) that answers a request, with a stable `errorId`. */
export class HttpProblemError extends SwitchhookError {
  readonly status: number
  readonly errorId: string
  readonly errors: FieldError[] | undefined
  readonly headers: Record<string, string>
  constructor(status: number, errorId: string, detail: string, { errors, headers = {} }: ProblemExtras = {}) {
    super(detail)
    this.status = status
    this.errorId = errorId
    this.errors = errors
    this.headers = headers
  }

  /** Whether the caller may send the same request again later. */
  override shouldRetry(): boolean {
    return this.status === 429 || this.status >= 500
  }

  toBody(): Problem {
    return {
      type: `urn:switchhook:problem:${this.errorId}`,
      title: titles[this.status] ?? 'Error',
      status: this.status,
      detail: this.message,
      errorId: this.errorId,
      ...(this.errors && { errors: this.errors }),
    }
  }
}

/** A body of 6 MB may have a million wrong fields, and an answer has at most 6 MB. */
const errorsMax = 100

/** Returns 400 with every wrong field, at most the first hundred. */
export function badFields(all: FieldError[]): HttpProblemError {
  const errors = all.slice(0, errorsMax)
  const [first] = errors
  const detail = first ? `${first.field}: ${first.message}` : 'The input is invalid.'
  return new HttpProblemError(400, 'input-invalid', detail, { errors })
}

/** The same answer for a site of another key and one that does not exist, so that keys cannot find out which sites exist. */
export function unknownSite(): HttpProblemError {
  return new HttpProblemError(
    404,
    'site-unknown',
    'The deployment has no such site, or the key belongs to another one.',
  )
}
