import * as v from 'valibot'
import { beforeAll, expect, test } from 'vitest'
import { Problem } from '../../contracts/http.ts'
import { makeCdr } from '../support/cdrs.ts'
import { type SharedDeployment, sharedDeployment, type TestSite } from '../support/deployment.ts'
import { cdrEvent } from '../support/facts.ts'
import { rawRequest } from '../support/raw-request.ts'
import { until } from '../support/until.ts'

let deployment: SharedDeployment
let office: TestSite
let other: TestSite
beforeAll(async () => {
  deployment = sharedDeployment()
  office = await deployment.makeSite('http-office')
  other = await deployment.makeSite('http-other')
})

async function problem(response: Response) {
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const body = v.parse(Problem, await response.json())
  expect(body.status).toBe(response.status)
  return body
}

test('answers the creation of a site with its key, its command queue and the deployment’s public key', async () => {
  const { site, bridge } = office
  expect(site.apiKey).toMatch(/^shk_[0-9a-f]{16}_/)
  expect(bridge.queues.commands).toContain('commands-http-office-1')
  expect(bridge.deploymentPublicKey).toContain('BEGIN PUBLIC KEY')
  const stored = JSON.stringify(await deployment.items('AccessTable'))
  expect(stored).not.toContain(site.apiKey.split('_').slice(2).join('_'))
})

test('refuses to create a site whose id exists already', async () => {
  await expect(deployment.makeSite('http-office')).rejects.toThrow('exists already')
})

test.each([
  ['no name', { site: 'newsite' }, 'name'],
  ['a site id in capital letters', { site: 'NewSite', name: 'New' }, 'site'],
  ['an unknown time zone', { site: 'newsite', name: 'New', zone: 'Mars/Olympus' }, 'zone'],
  ['a country that is not a two-letter code', { site: 'newsite', name: 'New', country: 'France' }, 'country'],
  [
    'a setting outside its limits',
    { site: 'newsite', name: 'New', settings: { callTimeoutSeconds: 0 } },
    'settings.callTimeoutSeconds',
  ],
])('refuses to create a site from a request with %s, and names the field', async (_, body, field) => {
  const response = await deployment.call('POST', '/v1/sites', { key: deployment.cloud.adminKey, body })
  const told = await problem(response)
  expect(told).toMatchObject({ status: 400, errorId: 'input-invalid' })
  expect(told.errors?.map((error) => error.field)).toContain(field)
})

test('refuses a body that is not JSON with 400', async () => {
  const response = await deployment.call('POST', '/v1/sites', { key: deployment.cloud.adminKey, body: '{' })
  expect(await problem(response)).toMatchObject({ status: 400, errorId: 'json-malformed' })
})

test('answers each kind of invalid request with its status and errorId', async () => {
  const [key, wrong] = [office.site.apiKey, `${office.site.apiKey.slice(0, -1)}~`]
  const cases = [
    ['GET', '/v1/sites/http-office/cdrs', wrong, 401, 'key-invalid'],
    ['GET', '/v1/sites/http-office/cdrs', 'nonsense', 401, 'key-invalid'],
    ['GET', '/v1/sites/http-other/cdrs', key, 404, 'site-unknown'],
    ['GET', '/v1/sites/nowhere/cdrs', key, 404, 'site-unknown'],
    ['GET', '/v1/sites/nowhere/endpoints', key, 404, 'site-unknown'],
    ['GET', '/v1/sites/http-office/cdrs', deployment.cloud.adminKey, 403, 'site-key-only'],
    ['POST', '/v1/sites', key, 403, 'admin-only'],
    ['GET', '/v1/sites/http-office/cdrs?cursor=made.up', key, 400, 'cursor-invalid'],
    ['GET', '/v1/sites/http-office/cdrs?limit=0', key, 400, 'input-invalid'],
    ['GET', '/v1/sites/http-office/cdrs?limit=501', key, 400, 'input-invalid'],
    ['GET', '/v1/sites/http-office/cdrs?from=yesterday', key, 400, 'input-invalid'],
    ['POST', '/v1/sites/http-other/tickets', key, 404, 'site-unknown'],
    ['GET', '/v1/sites/http-office/cdrs?minduration=5', key, 400, 'input-invalid'],
    ['GET', '/v1/sites/http-office/cdrs?to=0000-01-01T00:00:00Z', key, 400, 'input-invalid'],
    ['GET', `/v1/sites/http-office/calls/${'a'.repeat(1_100)}`, key, 400, 'input-invalid'],
    ['GET', `/v1/sites/${'a'.repeat(1_100)}`, deployment.cloud.adminKey, 404, 'site-unknown'],
    ['GET', '/v1/sites/http-office/cdrs/', key, 404, 'route-unknown'],
    ['GET', '//', key, 404, 'route-unknown'],
    ['PATCH', '/v1/sites/http-office/keys', key, 405, 'method-unknown'],
  ] as const
  for (const [method, path, given, status, errorId] of cases) {
    const response = await deployment.call(method, path, { key: given })
    expect(await problem(response), `${method} ${path}`).toMatchObject({ status, errorId })
  }
})

test('takes the scheme of the key in lower case, and names its own host in the OpenAPI document, not that of the request', async () => {
  const authorization = `bearer ${office.site.apiKey}`
  const response = await deployment.call('GET', '/v1/sites/http-office/cdrs', { headers: { authorization } })
  expect(response.status).toBe(200)
  const { host, port } = new URL(deployment.cloud.httpUrl)
  const head = 'GET /v1/openapi.json HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n'
  const text = await rawRequest(Number(port), head)
  expect(text).toContain(`"url":"https://${host}"`)
  expect(text).not.toContain('evil.example')
})

test('API Gateway itself answers 413 to a body of over 6 MB once JSON has escaped it', async () => {
  const { apiKey: key } = office.site
  const headers = { 'content-type': 'text/csv' }
  for (const body of ['"'.repeat(4_000_000), 'a'.repeat(8_000_000)]) {
    const response = await deployment.call('POST', '/v1/sites/http-office/grades', { key, body, headers })
    expect([response.status, await response.json()]).toEqual([413, { message: 'Request Too Long' }])
  }
})

test('API Gateway itself answers 401 to a request without a key', async () => {
  const response = await deployment.call('GET', '/v1/sites/http-office/cdrs')
  expect([response.status, await response.json()]).toEqual([401, { message: 'Unauthorized' }])
})

test('allows CORS requests of pages of any origin, and exposes Retry-After and ETag to them', async () => {
  const headers = { origin: 'https://page.example' }
  const response = await deployment.call('GET', '/v1/sites', { key: deployment.cloud.adminKey, headers })
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
  expect(response.headers.get('access-control-expose-headers')).toMatch(/etag.*retry-after/)
})

test('accepts a cursor for its own site and refuses it for another', async () => {
  await deployment.send(
    office,
    'records',
    [1, 2].map((n) => cdrEvent('http-office', makeCdr(n))),
  )
  const cursor = await until('a page with a next one', async () => {
    const path = '/v1/sites/http-office/cdrs?from=2026-11-01T00:00:00Z&limit=1'
    const page = (await (await deployment.call('GET', path, { key: office.site.apiKey })).json()) as { cursor?: string }
    return page.cursor
  })
  const query = `cursor=${encodeURIComponent(cursor)}`
  const own = await deployment.call('GET', `/v1/sites/http-office/cdrs?${query}`, { key: office.site.apiKey })
  expect(own.status).toBe(200)
  const foreign = await deployment.call('GET', `/v1/sites/http-other/cdrs?${query}`, { key: other.site.apiKey })
  expect(await problem(foreign)).toMatchObject({ errorId: 'cursor-invalid' })
})
