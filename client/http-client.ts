import * as v from 'valibot'
import { Problem } from '../contracts/http.ts'
import type { RouteDefinition, RouteGroup, RouteName } from '../contracts/routes/route.ts'
import { ApiError, answerMsMax } from './api.ts'
import type { Answer, AnyRequest, Api } from './http-types.ts'

export { ApiError } from './api.ts'
export type { Answer, Api, BodyOf, RequestOf } from './http-types.ts'

export interface HttpClientOptions<Site extends string | undefined = string | undefined> {
  /** Address of the HTTP API without `/v1`, for example `https://api.example.com`. */
  apiUrl: string
  /** The API key, or the admin key of the deployment. Leave it out for routes that need none. */
  key?: string | undefined
  /** The site that fills `{site}` in every path, so that requests need not name it. */
  site?: Site
  fetch?: typeof fetch | undefined
  /** How long to wait for an answer, in milliseconds; 30,000 by default. */
  timeoutMs?: number | undefined
}

/**
 * Returns a function that calls the given routes of the HTTP API: `await api('GET /v1/sites/{site}/stats', { query })`.
 * The types of path, query, headers, body and answer come from the registry in contracts/routes, and each answer is parsed with
 * the route's schema. It rejects with an `ApiError`: the problem that the API answered, `bad-answer` for an answer that does not
 * fit the schema, or `unreachable` (status 0) if no answer came. Pass only the route groups you use: a page that is bundled
 * with the client carries their schemas.
 */
export function createApi<const G extends RouteGroup, Site extends string | undefined = undefined>(
  options: HttpClientOptions<Site>,
  routes: G,
): Api<G, Site extends string ? 'site' : never>
export function createApi(options: HttpClientOptions, routes: RouteGroup) {
  return async (name: RouteName, request: AnyRequest = {}): Promise<Answer> => {
    const definition = routes[name]
    if (!definition) throw new Error(`This client was created without the route ${name}.`)
    const url = addressOf(options, name, request)
    const response = await send(options, url, name, request)
    return answerOf(response, definition, request)
  }
}

function addressOf({ apiUrl, site }: HttpClientOptions, name: RouteName, { path, query = {} }: AnyRequest): URL {
  const values: Readonly<Record<string, string | undefined>> = { site, ...path }
  const filled = name.slice(name.indexOf(' ') + 1).replace(/\{(\w+)\}/g, (_, parameter: string) => {
    const value = values[parameter]
    if (value === undefined) throw new Error(`The path parameter ${parameter} of ${name} is missing.`)
    return encodeURIComponent(value)
  })
  const url = new URL(apiUrl.replace(/\/+$/, '') + filled)
  for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(key, String(value))
  return url
}

async function send(
  { key, fetch: fetcher = fetch, timeoutMs = answerMsMax }: HttpClientOptions,
  url: URL,
  name: RouteName,
  { headers = {}, body, signal }: AnyRequest,
): Promise<Response> {
  const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    return await fetcher(url, {
      method: name.slice(0, name.indexOf(' ')),
      headers: {
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...Object.fromEntries(given),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    })
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new ApiError('unreachable', 0, `No answer from ${url.host}.`, { cause })
  }
}

async function answerOf(response: Response, { answers }: RouteDefinition, { headers }: AnyRequest): Promise<Answer> {
  const { status } = response
  const bytes = await response.arrayBuffer().catch((cause: unknown) => {
    throw new ApiError('unreachable', 0, 'The answer was cut off.', { cause })
  })
  const schema = answers[status]
  // A 304 has no body, so only a caller who holds the earlier answer may get one.
  if (!schema || (status === 304 && headers?.['if-none-match'] === undefined)) throw problemOf(response, textOf(bytes))
  const body = v.safeParse(schema, contentOf(response, bytes))
  if (body.success) return { status, headers: response.headers, body: body.output }
  const [issue] = body.issues
  throw new ApiError(
    'bad-answer',
    status,
    `The answer does not fit its schema: ${v.getDotPath(issue) ?? 'body'}: ${issue.message}`,
  )
}

/**
 * Returns the parsed JSON of the answer, its bytes for an XLSX file, its text for any other content type, and undefined for an
 * empty answer that is no such text.
 */
function contentOf({ headers }: Response, bytes: ArrayBuffer): unknown {
  const type = headers.get('content-type') ?? ''
  if (bytes.byteLength === 0) return /^(text\/csv|application\/jsonl)/.test(type) ? '' : undefined
  if (type.startsWith('application/vnd.')) return new Uint8Array(bytes)
  return /json\b(?!l)/.test(type) ? parseJson(textOf(bytes)) : textOf(bytes)
}

/** Keeps the byte order mark of a CSV file. */
function textOf(bytes: ArrayBuffer): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}

function parseJson(text: string): unknown {
  const json = v.safeParse(v.pipe(v.string(), v.parseJson()), text)
  return json.success ? json.output : undefined
}

/** API Gateway answers some errors itself, with `{"message": ...}`. */
const GatewayError = v.looseObject({ message: v.string() })

function problemOf(response: Response, text: string): ApiError {
  const { status } = response
  const content = /json/.test(response.headers.get('content-type') ?? '') ? parseJson(text) : text
  const retryAfterMs = Number(response.headers.get('retry-after')) * 1_000 || undefined
  const problem = v.safeParse(Problem, content)
  if (problem.success) {
    const { errorId, detail, errors } = problem.output
    return new ApiError(errorId, status, detail, { retryAfterMs, errors })
  }
  const gateway = v.safeParse(GatewayError, content)
  const detail = gateway.success
    ? gateway.output.message
    : `The API answered HTTP ${status} without a problem document.`
  return new ApiError(response.ok ? 'bad-answer' : `http-${status}`, status, detail, { retryAfterMs })
}
