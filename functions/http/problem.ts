import type { Problem } from '../../contracts/http.ts'

const titles: Record<number, string> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
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

/** What an HTTP caller is told when a request cannot be served: RFC 9457, with a stable `errorId`. */
export class HttpProblemError extends Error {
  readonly status: number
  readonly errorId: string
  readonly errors: FieldError[] | undefined
  readonly headers: Record<string, string>
  constructor(status: number, errorId: string, detail: string, { errors, headers = {} }: ProblemExtras = {}) {
    super(detail)
    this.name = 'HttpProblemError'
    this.status = status
    this.errorId = errorId
    this.errors = errors
    this.headers = headers
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

/** 400, with each field that is wrong. */
export function badFields(errors: FieldError[]): HttpProblemError {
  const [first] = errors
  const detail = first ? `${first.field}: ${first.message}` : 'invalid input'
  return new HttpProblemError(400, 'input-invalid', detail, { errors })
}

/** Another site's existence is none of a key's business, so it is unknown in the same words as one that is not there. */
export function unknownSite(): HttpProblemError {
  return new HttpProblemError(404, 'site-unknown', 'There is no such site.')
}
