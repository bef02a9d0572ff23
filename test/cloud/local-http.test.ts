import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningFixture, runFixture } from './local-fixture/packaged-fixture.ts'

let fixture: RunningFixture
let url: string
beforeAll(async () => {
  fixture = await runFixture()
  url = fixture.cloud.httpUrl
})
afterAll(() => fixture[Symbol.asyncDispose]())

/** Requests the echo function, which returns `answer` unchanged. */
const answering = (answer: unknown) => fetch(`${url}/echo/answer?answer=${encodeURIComponent(JSON.stringify(answer))}`)

/** Sends a request by node:http: `fetch` joins headers and does not allow Origin. */
function plain(method: string, path: string, headers: Record<string, string | string[]>) {
  // biome-ignore lint/suspicious/noExplicitAny: a test reads any answer
  return new Promise<{ status: number | undefined; headers: Record<string, unknown>; json: () => any }>(
    (resolve, reject) => {
      request(url + path, { method, headers }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (chunk) => {
          body += chunk
        })
        response.on('end', () =>
          resolve({ status: response.statusCode, headers: response.headers, json: () => JSON.parse(body) }),
        )
      })
        .on('error', reject)
        .end()
    },
  )
}

test('sends a function the HTTP request as an event of payload format 2.0', async () => {
  const startedAt = Date.now()
  const response = await plain('GET', '/any/a%20b%2Fc?x=1&y=2&x=3&empty=', {
    Cookie: 'first=1; second=2',
    'X-Several': ['one', 'two'],
    'User-Agent': 'a-test',
  })
  const event = response.json()
  expect(event).toEqual({
    version: '2.0',
    routeKey: 'ANY /any/{proxy+}',
    rawPath: '/any/a b/c',
    rawQueryString: 'x=1&y=2&x=3&empty=',
    cookies: ['first=1', 'second=2'],
    headers: {
      host: new URL(url).host,
      'user-agent': 'a-test',
      'x-several': 'one,two',
      'x-amzn-trace-id': expect.stringMatching(/^Root=1-/),
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-port': new URL(url).port,
      'x-forwarded-proto': 'http',
    },
    queryStringParameters: { x: '1,3', y: '2', empty: '' },
    pathParameters: { proxy: 'a b/c' },
    requestContext: {
      accountId: '000000000000',
      apiId: fixture.cloud.ref('HttpApi'),
      domainName: new URL(url).host,
      domainPrefix: '127',
      http: { method: 'GET', path: '/any/a b/c', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'a-test' },
      requestId: response.headers['apigw-requestid'],
      routeKey: 'ANY /any/{proxy+}',
      stage: '$default',
      time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
      timeEpoch: expect.any(Number),
    },
    isBase64Encoded: false,
  })
  expect(event.requestContext.timeEpoch).toBeGreaterThanOrEqual(startedAt)
})

test('leaves fields without a value, such as cookies and body, out of the event', async () => {
  const event = await (await fetch(`${url}/echo/fixed`)).json()
  for (const absent of ['cookies', 'queryStringParameters', 'pathParameters', 'body'])
    expect(event).not.toHaveProperty(absent)
  expect(event).toMatchObject({ rawQueryString: '', isBase64Encoded: false })
})

test.each([
  ['application/json', '{"a":1}', false],
  ['application/problem+json', '{}', false],
  ['text/csv; charset=utf-8', 'é,1', false],
  ['application/x-www-form-urlencoded', 'a=1&b=2', true],
  ['application/octet-stream', 'x', true],
])(
  'passes a request body of type %s to the function as text or as base64, as AWS documents',
  async (type, body, encoded) => {
    const response = await fetch(`${url}/echo`, { method: 'POST', body, headers: { 'content-type': type } })
    const event = await response.json()
    expect(event.isBase64Encoded).toBe(encoded)
    expect(Buffer.from(event.body, encoded ? 'base64' : 'utf8').toString()).toBe(body)
  },
)

test.each([
  ['GET', '/echo/fixed', 'GET /echo/fixed'],
  ['GET', '/echo/other', 'GET /echo/{id}'],
  ['DELETE', '/any/a/b/c', 'ANY /any/{proxy+}'],
  ['POST', '/echo', 'POST /echo'],
])('routes the request %s %s to the route %s', async (method, path, routeKey) => {
  expect(await (await fetch(url + path, { method })).json()).toMatchObject({ routeKey })
})

test.each([
  ['POST', '/echo/fixed'],
  ['GET', '/echo'],
  ['GET', '/echo/fixed/'],
  ['GET', '/any/'],
  ['GET', '/nothing'],
])('answers %s %s, which has no route, with 404', async (method, path) => {
  const response = await fetch(url + path, { method })
  expect([response.status, await response.json()]).toEqual([404, { message: 'Not Found' }])
})

test.each([
  ['an object without a status', { hello: 1 }, 200, 'application/json', '{"hello":1}'],
  ['a text', 'hello', 200, 'application/json', 'hello'],
  ['a list', [1, 2], 200, 'application/json', '[1,2]'],
  ['only a status', { statusCode: 204 }, 204, 'text/plain;charset=UTF-8', ''],
  ['a status as text', { statusCode: '201', body: 'made' }, 201, 'text/plain;charset=UTF-8', 'made'],
  [
    'base64',
    { statusCode: 200, body: 'aGk=', isBase64Encoded: true, headers: { 'Content-Type': 'a/b' } },
    200,
    'a/b',
    'hi',
  ],
  [
    'an object as body',
    { statusCode: 200, body: { no: 1 } },
    500,
    'application/json',
    '{"message":"Internal Server Error"}',
  ],
  ['a status under 100', { statusCode: 99 }, 500, 'application/json', '{"message":"Internal Server Error"}'],
])('converts a response of a function that is %s to an HTTP response', async (_name, answer, status, type, body) => {
  const response = await answering(answer)
  expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([status, type, body])
})

test('converts each cookie in a response of a function to a Set-Cookie header', async () => {
  const response = await answering({ statusCode: 200, cookies: ['a=1; Secure', 'b=2'], headers: { 'X-Own': 7 } })
  expect(response.headers.getSetCookie()).toEqual(['a=1; Secure', 'b=2'])
  expect(response.headers.get('x-own')).toBe('7')
})

test('answers 500 if the function fails or times out, and 503 if it exceeds the time-out of the integration', async () => {
  const failed = await fetch(`${url}/slow`)
  expect([failed.status, await failed.json()]).toEqual([500, { message: 'Internal Server Error' }])
  const late = await fetch(`${url}/late`)
  expect([late.status, await late.json()]).toEqual([503, { message: 'Service Unavailable' }])
})

test('answers 431 to headers over 10,240 bytes and 413 to bodies over 10 MB', async () => {
  expect((await fetch(`${url}/echo/fixed`, { headers: { 'x-long': 'x'.repeat(10_300) } })).status).toBe(431)
  const body = Buffer.alloc(10 * 1024 * 1024 + 1, 'x')
  const tooLarge = await fetch(`${url}/echo`, { method: 'POST', body, headers: { 'content-type': 'text/plain' } })
  expect([tooLarge.status, await tooLarge.json()]).toEqual([413, { message: 'Request Entity Too Large' }])
})

test('answers a CORS preflight from the configuration, without a route and without the authorizer', async () => {
  const asked = { origin: 'https://page.example', 'access-control-request-method': 'GET' }
  const { status, headers } = await plain('OPTIONS', '/guarded', asked)
  expect(status).toBe(204)
  expect(headers).toMatchObject({
    'access-control-allow-origin': 'https://page.example',
    'access-control-allow-methods': 'GET,POST',
    'access-control-allow-headers': 'authorization,content-type',
    'access-control-allow-credentials': 'true',
    'access-control-max-age': '300',
  })
  const stranger = await plain('OPTIONS', '/guarded', { ...asked, origin: 'https://evil.example' })
  expect(Object.keys(stranger.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
})

test('replaces the CORS headers in a response of a function by the configured ones', async () => {
  const own = { statusCode: 200, headers: { 'Access-Control-Allow-Origin': '*' } }
  const path = `/echo/answer?answer=${encodeURIComponent(JSON.stringify(own))}`
  const known = await plain('GET', path, { origin: 'https://page.example' })
  expect(known.headers['access-control-allow-origin']).toBe('https://page.example')
  const stranger = await plain('GET', path, { origin: 'https://evil.example' })
  expect(stranger.headers).not.toHaveProperty('access-control-allow-origin')
})
