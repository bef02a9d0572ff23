import * as v from 'valibot'
import type { Connection, Door } from './config.ts'

const Problem = v.looseObject({ errorId: v.string(), detail: v.string() })

/** The API said no, or nothing that makes sense. */
export class ApiRefused extends Error {
  readonly errorId: string
  readonly status: number
  constructor(status: number, errorId: string, detail: string) {
    super(detail)
    this.name = 'ApiRefused'
    this.status = status
    this.errorId = errorId
  }
  shouldRetry(): boolean {
    return this.status === 429 || this.status >= 500
  }
}

/** A request is given up after this; an import of 500 rows takes a second or two. */
const requestMsMax = 60_000
/** Tries of a request that may succeed later, the waits between them doubled from one second: a minute in all. */
const triesMax = 7

/** One JSON request on the site's API, tried again where that may help: for what may be done twice. */
export async function callApi(connection: Connection, method: string, path: string, body?: unknown): Promise<unknown> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask(connection, method, sitePath(connection, path), body)
    } catch (error) {
      const mayRetry = error instanceof ApiRefused ? error.shouldRetry() : error instanceof TypeError
      if (!mayRetry || tries === triesMax) throw error
      await new Promise((resolve) => setTimeout(resolve, 1000 * 2 ** (tries - 1)))
    }
  }
}

export function sitePath({ site }: Connection, path: string): string {
  return `/v1/sites/${encodeURIComponent(site)}/${path}`
}

/** One JSON request, once: whoever types a command sees what came of it. */
export async function ask({ apiUrl, key }: Door, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(apiUrl + path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(requestMsMax),
  })
  const text = await response.text()
  if (response.ok) return text === '' ? undefined : JSON.parse(text)
  const problem = v.safeParse(v.pipe(v.string(), v.parseJson(), Problem), text)
  if (problem.success) throw new ApiRefused(response.status, problem.output.errorId, problem.output.detail)
  throw new ApiRefused(response.status, 'no-problem', `the API answered ${response.status}`)
}
