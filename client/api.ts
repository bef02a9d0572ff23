/** API Gateway gives an HTTP API 30 s at most; waiting longer can bring no answer. */
const answerMsMax = 30_000

/** A wrong field of the input. */
export interface FieldError {
  field: string
  message: string
}

interface ApiErrorOptions extends ErrorOptions {
  retryAfterMs?: number | undefined
  errors?: readonly FieldError[] | undefined
}

/** What the HTTP API refused or could not do: `errorId` and `status` are the problem's (RFC 9457), status 0 if none came. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly errorId: string
  readonly status: number
  /** The cloud asks for patience: not before so many milliseconds. */
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
  shouldRetry(): boolean {
    return /^(0|408|429|5)/.test(String(this.status))
  }
}

export interface ApiOptions {
  /** Where the HTTP API is, without `/v1`. */
  apiUrl: string
  site: string
  key: string
}

export interface Asking {
  fetch?: typeof fetch
}

/** Asks the site's API and answers the body, if it is as expected. Rejects with an ApiError. */
export async function ask<T>(
  { apiUrl, site, key, fetch: fetcher = fetch }: ApiOptions & Asking,
  method: string,
  path: string,
  isExpected: (body: unknown) => body is T,
): Promise<T> {
  const url = new URL(`${apiUrl.replace(/\/+$/, '')}/v1/sites/${encodeURIComponent(site)}/${path}`)
  const signal = AbortSignal.timeout(answerMsMax)
  try {
    const answer = await fetcher(url, { method, headers: { authorization: `Bearer ${key}` }, signal })
    const { status, ok, headers } = answer
    // A proxy's HTML page, say, is no JSON: the status tells more than it does.
    const body = (await answer.json().catch(() => null)) ?? {}
    if (ok && isExpected(body)) return body
    // API Gateway's own refusals carry only `message`.
    const { errorId = ok ? 'bad-answer' : `http-${status}`, detail, message = errorId } = body
    const retryAfterMs = Number(headers.get('retry-after')) * 1_000 || 0
    throw new ApiError(String(errorId), status, String(detail ?? message), { retryAfterMs })
  } catch (cause) {
    if (cause instanceof ApiError) throw cause
    throw new ApiError('unreachable', 0, `No answer from ${url.host}.`, { cause })
  }
}
