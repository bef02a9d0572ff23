import { type Clock, systemClock } from './clock.ts'
import { isObject } from './guards.ts'

/** API Gateway gives an HTTP API 30 s at most; waiting longer can bring no answer. */
const answerMsMax = 30_000

interface ApiErrorOptions extends ErrorOptions {
  retryAfterMs?: number | undefined
}

/** What the HTTP API refused or could not do: `errorId` and `status` are the problem's (RFC 9457), status 0 if none came. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly errorId: string
  readonly status: number
  /** The cloud asks for patience: not before so many milliseconds. */
  readonly retryAfterMs: number | undefined
  constructor(errorId: string, status: number, detail: string, options: ApiErrorOptions = {}) {
    super(detail, options)
    this.errorId = errorId
    this.status = status
    this.retryAfterMs = options.retryAfterMs
  }
  shouldRetry(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500
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
  clock?: Clock
}

/** Asks the site's API and answers the body, if it is as expected. Rejects with an ApiError. */
export async function ask<T>(
  { apiUrl, site, key, fetch: fetcher = fetch, clock = systemClock }: ApiOptions & Asking,
  method: string,
  path: string,
  isExpected: (body: unknown) => body is T,
): Promise<T> {
  const url = `${apiUrl.replace(/\/+$/, '')}/v1/sites/${encodeURIComponent(site)}/${path}`
  const limit = new AbortController()
  const callOff = clock.after(answerMsMax, () => limit.abort())
  try {
    const answer = await fetcher(url, { method, headers: { authorization: `Bearer ${key}` }, signal: limit.signal })
    const body = readJson(await answer.text())
    if (!answer.ok) throw problem(answer, body)
    if (!isExpected(body)) throw new ApiError('bad-answer', answer.status, 'The answer is not what this API gives.')
    return body
  } catch (cause) {
    if (cause instanceof ApiError) throw cause
    throw new ApiError('unreachable', 0, `No answer from ${new URL(apiUrl).host}.`, { cause })
  } finally {
    callOff()
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // A proxy's HTML page, say: the status tells more than it does.
    return undefined
  }
}

/** API Gateway's own refusals carry only `message`. */
function problem({ status, headers }: Response, body: unknown): ApiError {
  const { errorId, detail, message } = isObject(body) ? body : {}
  const retryAfterMs = Number(headers.get('retry-after')) * 1_000 || 0
  const words = String(detail ?? message ?? `HTTP ${status}`)
  return new ApiError(String(errorId ?? `http-${status}`), status, words, { retryAfterMs })
}
