import { readFile } from 'node:fs/promises'
import * as v from 'valibot'
import { beforeAll, expect, test } from 'vitest'
import { KeyMade } from '../../contracts/key.ts'
import { definitionOf, type Route, routeNames } from '../../contracts/routes.ts'
import { allScopes, type Scope } from '../../contracts/scopes.ts'
import { makeApiKey } from '../../functions/domain/api-key.ts'
import { interleave } from '../campaigns/interleaved-keys.ts'
import { type SharedDeployment, sharedDeployment } from '../support/deployment.ts'

/**
 * Calls every route through API Gateway and the packaged functions, with a key of each kind. The expected answers are derived
 * from the route registry, so a new route is tested too. test/pure/access-table.test.ts tests single scopes.
 */
const ofSite = routeNames.filter((route) => route.includes('/v1/sites/{site}') && definitionOf(route).needs !== 'admin')

let deployment: SharedDeployment
const keys: Record<'all' | 'expired' | 'revoked' | 'ofOther', string> = {
  all: '',
  expired: '',
  revoked: '',
  ofOther: '',
}
const only = new Map<Scope, string>()
const without = new Map<Scope, string>()

beforeAll(async () => {
  deployment = sharedDeployment()
  const own = await deployment.makeSite('table-own')
  const other = await deployment.makeSite('table-other')
  Object.assign(keys, { all: own.site.apiKey, ofOther: other.site.apiKey })
  const make = async (scopes: readonly string[], more: object = {}) => {
    const body = { name: 'cell', scopes, requestsMax: 5_000, ...more }
    const response = await deployment.call('POST', '/v1/sites/table-own/keys', { key: keys.all, body })
    return v.parse(KeyMade, await response.json())
  }
  const needed = new Set(ofSite.map((route) => definitionOf(route).needs as Scope))
  for (const scope of needed) {
    only.set(scope, (await make([scope])).secret)
    without.set(scope, (await make(allScopes.filter((one) => one !== scope))).secret)
  }
  const revoked = await make(allScopes)
  await deployment.call('DELETE', `/v1/sites/table-own/keys/${revoked.key}`, { key: keys.all })
  keys.revoked = revoked.secret
  // The API creates no key that expires within a day, so the test changes the row of one.
  const expired = await make(allScopes)
  const row = (await deployment.items('AccessTable')).find(({ pk }) => pk === `KEY#${expired.key}`)
  await deployment.put('AccessTable', { ...row, expiresAt: Date.now() - 1 })
  keys.expired = expired.secret
})

/** Calls a route with unknown ids and an invalid body, so that the call changes nothing. */
async function cell(route: Route, site: string, key?: string): Promise<{ status: number; errorId?: string }> {
  const [method = '', path = ''] = route.split(' ')
  const filled = path.replace('{site}', site).replace(/\{\w+\}/g, 'nope')
  const body = method === 'GET' || method === 'DELETE' ? undefined : { door: true }
  const response = await deployment.call(method, filled, { ...(key && { key }), ...(body && { body }) })
  // An export answers CSV, which other tests check.
  const isJson = response.headers.get('content-type')?.includes('json')
  const answer = v.parse(v.looseObject({ errorId: v.optional(v.string()) }), isJson ? await response.json() : {})
  return { status: response.status, ...(answer.errorId && { errorId: answer.errorId }) }
}

test('serves every route, with an authorizer unless the route is public', async () => {
  const text = await readFile('.serverless/cloudformation-template-update-stack.json', 'utf8')
  const Route = v.looseObject({ RouteKey: v.string(), AuthorizationType: v.optional(v.string(), 'NONE') })
  const Resource = v.looseObject({ Type: v.string(), Properties: v.optional(v.unknown()) })
  const { Resources } = v.parse(v.looseObject({ Resources: v.record(v.string(), Resource) }), JSON.parse(text))
  const served = Object.values(Resources)
    .filter(({ Type }) => Type === 'AWS::ApiGatewayV2::Route')
    .map(({ Properties }) => v.parse(Route, Properties))
    .filter(({ RouteKey }) => RouteKey.includes(' '))
    .map(({ RouteKey, AuthorizationType }) => `${RouteKey}: ${AuthorizationType}`)
  const wanted = routeNames.map((route) => `${route}: ${definitionOf(route).needs === 'anyone' ? 'NONE' : 'CUSTOM'}`)
  expect(served.sort()).toEqual(wanted.sort())
})

test('refuses a missing, wrong, expired or revoked key on every route', async () => {
  const wrong = [`${keys.all.slice(0, -1)}~`, keys.expired, keys.revoked, makeApiKey().text]
  for (const [n, route] of routeNames.filter((one) => definitionOf(one).needs !== 'anyone').entries()) {
    expect(await cell(route, 'table-own'), route).toEqual({ status: 401 })
    // The authorizer does not see the route, so one kind of wrong key for each route is enough.
    const key = wrong[n % wrong.length]
    expect(await cell(route, 'table-own', key), route).toEqual({ status: 401, errorId: 'key-invalid' })
  }
})

test('accepts a key with only the scope of a route, and refuses one with all other scopes', async () => {
  for (const route of ofSite) {
    const scope = definitionOf(route).needs as Scope
    const opened = await cell(route, 'table-own', only.get(scope))
    expect([401, 403, 429, 500], `${route} ${JSON.stringify(opened)}`).not.toContain(opened.status)
    expect(opened.errorId, route).not.toBe('site-unknown')
    expect(await cell(route, 'table-own', without.get(scope)), route).toEqual({ status: 403, errorId: 'scope-missing' })
  }
})

test('answers the same 404 for another site’s key and for a site that does not exist', async () => {
  for (const route of ofSite) {
    expect(await cell(route, 'table-own', keys.ofOther), route).toEqual({ status: 404, errorId: 'site-unknown' })
    expect(await cell(route, 'nowhere', keys.ofOther), route).toEqual({ status: 404, errorId: 'site-unknown' })
  }
})

test('accepts the admin key only on routes that allow it, and a site’s key with every scope on no admin route', async () => {
  for (const route of routeNames) {
    const { needs, orAdmin } = definitionOf(route)
    if (needs === 'anyone') continue
    if (needs === 'admin') {
      expect(await cell(route, 'table-own', keys.all), route).toEqual({ status: 403, errorId: 'admin-only' })
    }
    // For an unknown site, so that no site is deleted.
    const { status } = await cell(route, 'nowhere', deployment.cloud.adminKey)
    if (needs === 'admin' || orAdmin) expect([200, 400, 404], route).toContain(status)
    else expect(status, route).toBe(403)
  }
})

test('gives each of fifty keys its own answer through the cached authorizer, in any order of requests', async () => {
  const { requests, answers } = await interleave(deployment, 240)
  expect(Object.values(answers).reduce((sum, n) => sum + n, 0)).toBe(requests)
  expect(Object.keys(answers).sort()).toEqual(['200', '401', '403', '404'])
})
