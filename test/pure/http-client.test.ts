import { expect, test } from 'vitest'
import { ApiError, createApi } from '../../client/http-client.ts'
import { cdrRoutes } from '../../contracts/routes/cdrs.ts'
import { documentRoutes } from '../../contracts/routes/documents.ts'
import { exportRoutes } from '../../contracts/routes/exports.ts'
import { extensionRoutes } from '../../contracts/routes/extensions.ts'
import { gradeRoutes } from '../../contracts/routes/grades.ts'
import { keyRoutes } from '../../contracts/routes/keys.ts'
import { placedCallRoutes } from '../../contracts/routes/placed-calls.ts'

const routes = {
  ...cdrRoutes,
  ...documentRoutes,
  ...exportRoutes,
  ...extensionRoutes,
  ...gradeRoutes,
  ...keyRoutes,
  ...placedCallRoutes,
}
const apiUrl = 'https://api.example.com/'

interface Sent {
  url: string
  method: string
  headers: Record<string, string>
  body: unknown
}

/** A client whose requests are kept in `sent` and answered by the given response. */
function clientFor(answer: () => Response) {
  const sent: Sent[] = []
  const fetch: typeof globalThis.fetch = async (url, init) => {
    const headers = Object.fromEntries(new Headers(init?.headers))
    sent.push({ url: String(url), method: init?.method ?? '', headers, body: init?.body })
    return answer()
  }
  return { sent, api: createApi({ apiUrl, key: 'sh_key', site: 'office', fetch }, routes) }
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } })

async function errorOf(request: Promise<unknown>): Promise<ApiError> {
  const error = await request.catch((caught: unknown) => caught)
  if (error instanceof ApiError) return error
  throw new Error('the request did not reject with an ApiError')
}

test('fills in and encodes the path, and sends query, headers and JSON body', async () => {
  const { api, sent } = clientFor(() => json(200, { extension: '60' }))
  await api('PUT /v1/sites/{site}/extensions/{extension}/forward', {
    path: { extension: '6/0' },
    body: { target: '+33 1 23 45', when: 'busy' },
  })
  await api('DELETE /v1/sites/{site}/extensions/{extension}/forward', {
    path: { extension: '60', site: 'other' },
    query: { when: 'busy' },
  })
  expect(sent).toEqual([
    {
      url: 'https://api.example.com/v1/sites/office/extensions/6%2F0/forward',
      method: 'PUT',
      headers: { authorization: 'Bearer sh_key', 'content-type': 'application/json' },
      body: '{"target":"+33 1 23 45","when":"busy"}',
    },
    {
      url: 'https://api.example.com/v1/sites/other/extensions/60/forward?when=busy',
      method: 'DELETE',
      headers: { authorization: 'Bearer sh_key' },
      body: undefined,
    },
  ])
})

test('sends the numbers in a query as text, and leaves undefined values out', async () => {
  const { api, sent } = clientFor(() => json(200, { cdrs: [] }))
  const { body } = await api('GET /v1/sites/{site}/cdrs', { query: { limit: 20, cursor: undefined } })
  body.cdrs satisfies unknown[]
  expect(sent[0]?.url).toBe('https://api.example.com/v1/sites/office/cdrs?limit=20')
})

test('sends no authorization header without a key', async () => {
  const sent: HeadersInit[] = []
  const api = createApi(
    {
      apiUrl,
      fetch: async (_, init) => {
        sent.push(init?.headers ?? {})
        return json(200, { openapi: '3.1.1', paths: {} })
      },
    },
    documentRoutes,
  )
  await api('GET /v1/openapi.json')
  expect(sent).toEqual([{}])
})

test('returns the status, the headers and the parsed body, including fields that the schema does not know', async () => {
  const answer = { matricule: '100', note: 12, mention: 'bien', updatedAt: '2026-11-24T08:00:00Z', later: 1 }
  const { api } = clientFor(() => json(200, answer, { etag: '"1"' }))
  const { status, headers, body } = await api('GET /v1/sites/{site}/grades/{matricule}', { path: { matricule: '100' } })
  expect({ status, etag: headers.get('etag'), body }).toEqual({ status: 200, etag: '"1"', body: answer })
})

test('returns undefined as the body of an answer without one, and text as that of an export', async () => {
  const deleted = clientFor(() => new Response(null, { status: 204 }))
  const { body } = await deleted.api('DELETE /v1/sites/{site}/grades/{matricule}', { path: { matricule: '100' } })
  expect(body).toBeUndefined()
  const csv = clientFor(() => new Response('a;b\n', { headers: { 'content-type': 'text/csv; charset=utf-8' } }))
  expect((await csv.api('GET /v1/sites/{site}/cdrs/export')).body).toBe('a;b\n')
  const lines = clientFor(() => new Response('{"a":1}\n', { headers: { 'content-type': 'application/jsonl' } }))
  expect((await lines.api('GET /v1/sites/{site}/cdrs/export')).body).toBe('{"a":1}\n')
})

test('returns an answer 304 to a request with If-None-Match, and rejects it to a request without', async () => {
  const { api } = clientFor(() => new Response(null, { status: 304 }))
  const same = await api('GET /v1/sites/{site}/cdrs', { headers: { 'if-none-match': '"1"' } })
  expect(same.status).toBe(304)
  expect(await errorOf(api('GET /v1/sites/{site}/cdrs'))).toMatchObject({ errorId: 'http-304', status: 304 })
})

test('rejects with the problem of the API: errorId, status, detail, wrong fields and Retry-After', async () => {
  const problem = {
    type: 'urn:switchhook:problem:input-invalid',
    title: 'Bad request',
    status: 400,
    detail: 'limit: Too large.',
    errorId: 'input-invalid',
    errors: [{ field: 'limit', message: 'Too large.' }],
  }
  const { api } = clientFor(() =>
    json(400, problem, { 'content-type': 'application/problem+json', 'retry-after': '7' }),
  )
  const error = await errorOf(api('GET /v1/sites/{site}/keys'))
  expect(error).toMatchObject({
    errorId: 'input-invalid',
    status: 400,
    message: 'limit: Too large.',
    retryAfterMs: 7_000,
    errors: problem.errors,
  })
  expect(error.shouldRetry()).toBe(false)
})

test.each([
  ['a refusal of API Gateway itself', () => json(401, { message: 'Unauthorized' }), 'http-401', 'Unauthorized', false],
  ['an HTML page of a proxy', () => new Response('<html>', { status: 502 }), 'http-502', /502/, true],
  ['an answer that does not fit its schema', () => json(200, { keys: [{}] }), 'bad-answer', /keys\.0\.key/, false],
  ['an answer that is not JSON', () => new Response('<html>', { status: 200 }), 'bad-answer', /schema/, false],
  ['a status that the route does not declare', () => json(202, { keys: [] }), 'bad-answer', /202/, false],
])('rejects with an ApiError for %s', async (_, answer, errorId, message, isRetried) => {
  const error = await errorOf(clientFor(answer).api('GET /v1/sites/{site}/keys'))
  expect(error.errorId).toBe(errorId)
  expect(error.message).toMatch(message)
  expect(error.shouldRetry()).toBe(isRetried)
})

test('rejects with `unreachable` if no answer comes, and with the abort reason if the request is aborted', async () => {
  const cause = new TypeError('fetch failed')
  const lost = createApi({ apiUrl, fetch: async () => Promise.reject(cause) }, documentRoutes)
  expect(await errorOf(lost('GET /v1/openapi.json'))).toMatchObject({ errorId: 'unreachable', status: 0, cause })
  const signal = AbortSignal.abort(new Error('page left'))
  const aborted = createApi({ apiUrl, fetch: async (_, init) => Promise.reject(init?.signal?.reason) }, documentRoutes)
  await expect(aborted('GET /v1/openapi.json', { signal })).rejects.toThrow('page left')
})

test('the compiler rejects an unknown route, field or status, and a missing path parameter, header or body field', () => {
  const { api } = clientFor(() => json(200, {}))
  const wrong = [
    // @ts-expect-error the client has no such route
    () => api('GET /v1/nothing'),
    // @ts-expect-error the path parameter is missing
    () => api('GET /v1/sites/{site}/grades/{matricule}'),
    // @ts-expect-error the query has no such field
    () => api('GET /v1/sites/{site}/cdrs', { query: { limits: 3 } }),
    // @ts-expect-error the Idempotency-Key is missing
    () => api('POST /v1/sites/{site}/calls', { body: { from: '5860', to: '61' } }),
    // @ts-expect-error the body lacks a field
    () => api('PUT /v1/sites/{site}/extensions/{extension}/forward', { path: { extension: '60' }, body: {} }),
    // @ts-expect-error this route answers 200 alone
    async () => (await api('GET /v1/sites/{site}/keys')).status satisfies 201,
    // @ts-expect-error the answer has no such field of this type
    async () => (await api('GET /v1/sites/{site}/keys')).body.keys satisfies string,
    // @ts-expect-error without a site of its own, the client needs one in the path
    () => createApi({ apiUrl }, keyRoutes)('GET /v1/sites/{site}/keys'),
  ]
  expect(wrong).toHaveLength(8)
})
