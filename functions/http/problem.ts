import type { Problem } from '../../contracts/http.ts'

const titles: Record<number, string> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  409: 'Conflict',
  413: 'Content too large',
  500: 'Internal error',
}

export type FieldError = { field: string; message: string }

/** What an HTTP caller is told when a request cannot be served: RFC 9457, with a stable `errorId`. */
export class HttpProblem extends Error {
  readonly status: number
  readonly errorId: string
  readonly errors: FieldError[] | undefined
  constructor(status: number, errorId: string, detail: string, errors?: FieldError[]) {
    super(detail)
    this.name = 'HttpProblem'
    this.status = status
    this.errorId = errorId
    this.errors = errors
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
export function badFields(errors: FieldError[]): HttpProblem {
  const [first] = errors
  return new HttpProblem(400, 'input-invalid', first ? `${first.field}: ${first.message}` : 'invalid input', errors)
}
