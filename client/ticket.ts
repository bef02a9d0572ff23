import type { TicketIssued } from '../contracts/http.ts'
import { ApiError, type ApiOptions, answerMsMax } from './api.ts'
import { isObject, isTicket } from './guards.ts'

/**
 * Requests the ticket that opens one WebSocket. Rejects with an `ApiError`. It does not use the typed client of
 * `http-client.ts`, whose schemas are larger than the whole live client.
 */
export async function requestTicket({ apiUrl, site, key, fetch: fetcher = fetch }: ApiOptions): Promise<TicketIssued> {
  const url = new URL(`${apiUrl.replace(/\/+$/, '')}/v1/sites/${encodeURIComponent(site)}/tickets`)
  const headers = { authorization: `Bearer ${key}` }
  const signal = AbortSignal.timeout(answerMsMax)
  const response = await fetcher(url, { method: 'POST', headers, signal }).catch((cause: unknown) => {
    throw new ApiError('unreachable', 0, `No answer from ${url.host}.`, { cause })
  })
  const { status, ok } = response
  // A proxy may answer with an HTML page; the status then says more than the body.
  const body: unknown = await response.json().catch(() => undefined)
  if (ok && isTicket(body)) return body
  // API Gateway's own errors carry only `message`.
  const { errorId = ok ? 'bad-answer' : `http-${status}`, detail, message = errorId } = isObject(body) ? body : {}
  const retryAfterMs = Number(response.headers.get('retry-after')) * 1_000 || undefined
  throw new ApiError(String(errorId), status, String(detail ?? message), { retryAfterMs })
}
