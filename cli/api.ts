import * as v from 'valibot'
import { ApiError } from '../client/api.ts'
import type { ApiAccess, SiteAccess } from './connection.ts'

const Problem = v.looseObject({ errorId: v.string(), detail: v.string() })

/** A request is given up after this; an import of 500 rows takes a second or two. */
const requestMsMax = 60_000
/** The waits between the attempts double from one second, so they add up to a minute. */
const attemptsMax = 7

/** One JSON request on the site's API, retried if that can help: only for requests that may be repeated. */
export async function callApi(access: SiteAccess, method: string, path: string, body?: unknown): Promise<unknown> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask(access, method, sitePath(access, path), body)
    } catch (error) {
      if (!(error instanceof ApiError) || !error.shouldRetry() || attempt === attemptsMax) throw error
      await new Promise((resolve) => setTimeout(resolve, 1000 * 2 ** (attempt - 1)))
    }
  }
}

export function sitePath({ site }: SiteAccess, path: string): string {
  return `/v1/sites/${encodeURIComponent(site)}/${path}`
}

/** One JSON request, sent once. */
export async function ask({ apiUrl, key }: ApiAccess, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(apiUrl + path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(requestMsMax),
  }).catch((cause: unknown) => {
    throw new ApiError('unreachable', 0, `No answer from ${new URL(apiUrl).host}.`, { cause })
  })
  const text = await response.text()
  if (response.ok) return text === '' ? undefined : JSON.parse(text)
  const problem = v.safeParse(v.pipe(v.string(), v.parseJson(), Problem), text)
  const { errorId, detail } = problem.success
    ? problem.output
    : { errorId: 'no-problem', detail: `The API answered with HTTP ${response.status}.` }
  throw new ApiError(errorId, response.status, detail)
}
