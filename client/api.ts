import type { CdrPage, EndpointList, TicketIssued } from '../contracts/http.ts'
import type { CallPage } from '../contracts/operations/cdrs.ts'
import type { Clock } from './clock.ts'
import { isCallPage, isCdrPage, isEndpointList, isObject, isTicket } from './guards.ts'

/** API Gateway gives an HTTP API 30 s at most; waiting longer can bring no answer. */
const answerMsMax = 30_000

/** What the HTTP API refused or could not do: `errorId` and `status` are the problem's (RFC 9457), status 0 if none came. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly errorId: string
  readonly status: number
  constructor(errorId: string, status: number, detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.errorId = errorId
    this.status = status
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

export class Api {
  readonly #options: ApiOptions
  readonly #fetch: typeof fetch
  readonly #clock: Clock
  constructor(options: ApiOptions, fetcher: typeof fetch, clock: Clock) {
    this.#options = options
    this.#fetch = fetcher
    this.#clock = clock
  }

  ticket(): Promise<TicketIssued> {
    return this.#ask('POST', 'tickets', isTicket)
  }

  /** One page, newest first; the `cursor` of a page asks for the one before it in time. */
  listCdrs(query: { limit?: number; cursor?: string } = {}): Promise<CdrPage> {
    const search = new URLSearchParams()
    if (query.limit !== undefined) search.set('limit', String(query.limit))
    if (query.cursor !== undefined) search.set('cursor', query.cursor)
    return this.#ask('GET', `cdrs?${search}`, isCdrPage)
  }

  /** One page of calls of the archive; the `cursor` of a page asks for the next one of the same search. */
  listCalls(query: Readonly<Record<string, string>> = {}): Promise<CallPage> {
    return this.#ask('GET', `calls?${new URLSearchParams(query)}`, isCallPage)
  }

  listEndpoints(): Promise<EndpointList> {
    return this.#ask('GET', 'endpoints', isEndpointList)
  }

  async #ask<T>(method: string, path: string, isExpected: (body: unknown) => body is T): Promise<T> {
    const { apiUrl, site, key } = this.#options
    const url = `${apiUrl.replace(/\/+$/, '')}/v1/sites/${encodeURIComponent(site)}/${path}`
    const limit = new AbortController()
    const callOff = this.#clock.after(answerMsMax, () => limit.abort())
    try {
      // Called bare: a browser's fetch refuses any `this` but the window.
      const bare = this.#fetch
      const answer = await bare(url, { method, headers: { authorization: `Bearer ${key}` }, signal: limit.signal })
      const body = readJson(await answer.text())
      if (!answer.ok) throw problem(answer.status, body)
      if (!isExpected(body)) throw new ApiError('bad-answer', answer.status, 'The answer is not what this API gives.')
      return body
    } catch (cause) {
      if (cause instanceof ApiError) throw cause
      throw new ApiError('unreachable', 0, `No answer from ${new URL(apiUrl).host}.`, { cause })
    } finally {
      callOff()
    }
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
function problem(status: number, body: unknown): ApiError {
  const { errorId, detail, message } = isObject(body) ? body : {}
  return new ApiError(String(errorId ?? `http-${status}`), status, String(detail ?? message ?? `HTTP ${status}`))
}
