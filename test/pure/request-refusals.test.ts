import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { definitionOf, type Route, routeNames } from '../../contracts/routes.ts'
import { allScopes } from '../../contracts/scopes.ts'
import { identifyKey } from '../../functions/authorize/identify.ts'
import type { Caller } from '../../functions/caller.ts'
import { nearestName } from '../../functions/domain/nearest-name.ts'
import { authorizeAndParse } from '../../functions/http/authorize.ts'
import { answerUnknownRoute } from '../../functions/http/documents/unknown-route.ts'
import type { HttpEvent } from '../../functions/http/input.ts'
import { badFields } from '../../functions/http/problem.ts'
import { inProcessApi } from '../support/in-process-api.ts'
import { propertyRuns } from '../support/property.ts'

const site = 'office'
const key: Caller = {
  kind: 'key',
  site,
  keyId: 'k',
  scopes: new Set(allScopes),
  requestsMax: undefined,
  until: undefined,
}

/** Returns the problem with which a request is refused, as a caller who may use the route. */
function refusalOf(
  route: Route,
  given: Partial<Pick<HttpEvent, 'pathParameters' | 'queryStringParameters' | 'body' | 'headers'>>,
) {
  const definition = definitionOf(route)
  const caller: Caller =
    definition.needs === 'anyone' ? { kind: 'unknown' } : definition.needs === 'admin' ? { kind: 'admin' } : key
  const path = { site, ...given.pathParameters }
  const requestContext = { domainName: 'api.example' }
  const event = { headers: {}, requestContext, ...given, pathParameters: path } as unknown as HttpEvent
  try {
    authorizeAndParse(route, definition, caller, event, 0)
  } catch (error) {
    return error as { status: number; errorId: string; errors?: { field: string; message: string }[] }
  }
  return undefined
}

const parametersOf = (route: Route) => [...route.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)

describe('ids in paths', () => {
  const cases = routeNames.flatMap((route) => parametersOf(route).map((name) => [route, name] as const))
  test.each(cases)('%s refuses a {%s} that no table could hold', (route, name) => {
    for (const text of ['a'.repeat(256), 'é'.repeat(128), '\u{1f600}'.repeat(300), 'a'.repeat(9_000)]) {
      const refusal = refusalOf(route, { pathParameters: { [name]: text } })
      if (name === 'site') expect(refusal).toMatchObject({ status: 404, errorId: 'site-unknown' })
      else {
        expect(refusal).toMatchObject({ status: 400, errorId: 'input-invalid' })
        expect(refusal?.errors).toContainEqual({ field: name, message: 'Too long: at most 255 bytes.' })
      }
    }
  })
})

test.each([
  ['POST /v1/sites/{site}/calls', { from: '60', to: '61', metadata: [] }, 'metadata'],
  ['POST /v1/sites/{site}/webhooks', { url: 'https://example.org/', types: ['call.*'], filters: [] }, 'filters'],
  ['POST /v1/sites/{site}/webhooks', { url: 'https://example.org/', types: ['call.*'], headers: [] }, 'headers'],
] as const)('%s refuses an array where an object belongs: %j', (route, body, field) => {
  const headers = { 'idempotency-key': 'k', 'content-type': 'application/json' }
  const refusal = refusalOf(route, { body: JSON.stringify(body), headers })
  expect(refusal).toMatchObject({ status: 400, errors: [{ field, message: 'Not an object.' }] })
})

test.each(['__proto__', 'constructor', 'prototype'])('refuses the name %s in every map of a body', (name) => {
  const bodies = [
    ['POST /v1/sites/{site}/calls', `{"from":"60","to":"61","metadata":{"a":"1","${name}":"2"}}`, 'metadata'],
    [
      'POST /v1/sites/{site}/webhooks',
      `{"url":"https://example.org/","types":["call.*"],"headers":{"${name}":"2"}}`,
      'headers',
    ],
  ] as const
  for (const [route, body, field] of bodies) {
    const headers = { 'idempotency-key': 'k', 'content-type': 'application/json' }
    const refusal = refusalOf(route, { body, headers })
    const message = 'This name cannot be used: choose another one.'
    expect(refusal).toMatchObject({ status: 400, errors: [{ field: `${field}.${name}`, message }] })
  }
})

test('names the student number of a path as the wrong field', async () => {
  const api = await inProcessApi()
  const { site } = await api.makeSite('grades-office')
  const answer = await api.call('GET', '/v1/sites/grades-office/grades/x', { key: site.apiKey })
  expect([answer.status, await answer.json()]).toMatchObject([400, { errors: [{ field: 'matricule' }] }])
})

describe('query parameters', () => {
  test.each(routeNames)('%s refuses a parameter that it does not have, by name', (route) => {
    const refusal = refusalOf(route, { queryStringParameters: { zzzzzz: '1' } })
    expect(refusal).toMatchObject({ status: 400, errorId: 'input-invalid' })
    expect(refusal?.errors?.[0]).toMatchObject({
      field: 'zzzzzz',
      message: expect.stringMatching(/^Unknown parameter\./),
    })
  })

  test.each([
    ['minduration', 'minDuration'],
    ['min_duration', 'minDuration'],
    ['form', 'from'],
    ['Limit', 'limit'],
    ['diposition', 'disposition'],
    ['account-code', 'accountcode'],
  ])('suggests a name for %s', (given, wanted) => {
    const refusal = refusalOf('GET /v1/sites/{site}/cdrs', { queryStringParameters: { [given]: '1' } })
    expect(refusal?.errors).toEqual([{ field: given, message: `Unknown parameter. Did you mean ${wanted}?` }])
  })

  test('names an unknown parameter and a wrong one in the same answer', () => {
    const refusal = refusalOf('GET /v1/sites/{site}/cdrs', { queryStringParameters: { limits: '1', limit: '0' } })
    expect(refusal?.errors?.map(({ field }) => field)).toEqual(['limits', 'limit'])
  })

  test('accepts each declared parameter, and names of Object.prototype are unknown like any other', () => {
    expect(refusalOf('GET /v1/sites/{site}/cdrs', { queryStringParameters: { limit: '5', order: 'oldest' } })).toBe(
      undefined,
    )
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const given = JSON.parse(`{"${name}":"1"}`)
      expect(refusalOf('GET /v1/sites/{site}/cdrs', { queryStringParameters: given })?.errors?.[0]?.field).toBe(name)
    }
  })

  test('suggests only names that are near, whatever is given', () => {
    const names = ['from', 'to', 'limit', 'disposition']
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        const nearest = nearestName(text, names)
        expect(nearest === undefined || names.includes(nearest)).toBe(true)
        if (nearest !== undefined) expect(Math.abs(nearest.length - text.length)).toBeLessThanOrEqual(text.length)
      }),
      { numRuns: propertyRuns(200) },
    )
    expect(nearestName('x', ['to'])).toBe(undefined)
  })
})

test('an answer lists at most a hundred wrong fields, however many a body has', () => {
  const all = Array.from({ length: 100_000 }, (_, n) => ({ field: `f${n}`, message: 'Wrong.' }))
  expect(badFields(all).errors).toHaveLength(100)
})

describe('requests that fit no route', () => {
  const answerTo = (method: string, path: string) => {
    const {
      statusCode,
      headers,
      body = '',
    } = answerUnknownRoute({
      requestContext: { http: { method, path } },
    } as HttpEvent)
    return { statusCode, headers, problem: JSON.parse(body) }
  }

  test.each([
    ['GET', '/'],
    ['GET', '//'],
    ['GET', '/v1/sites/'],
    ['GET', '/v1/sites//cdrs'],
    ['POST', '/v2/sites'],
    ['GET', '/v1/sites/office/cdrs/'],
  ])('%s %s is answered with 404 and a problem document', (method, path) => {
    const { statusCode, headers, problem } = answerTo(method, path)
    expect([statusCode, headers?.['content-type']]).toEqual([404, 'application/problem+json'])
    expect(problem).toMatchObject({ status: 404, errorId: 'route-unknown' })
  })

  test.each([
    ['HEAD', '/v1/openapi.json', 'GET'],
    ['DELETE', '/v1/sites', 'POST, GET'],
    ['PATCH', '/v1/sites/office/keys/abc', 'DELETE'],
  ])('%s %s is answered with 405 and the methods of the path', (method, path, allow) => {
    const { statusCode, headers, problem } = answerTo(method, path)
    expect([statusCode, problem.errorId]).toEqual([405, 'method-unknown'])
    expect(String(headers?.['allow']).split(', ').sort()).toEqual(allow.split(', ').sort())
  })
})

test.each(['Bearer', 'bearer', 'BEARER', 'bEaReR'])('takes a key behind the scheme %s', async (scheme) => {
  const secrets = { adminKey: 'the-admin-key', pepper: 'p' }
  const finder = { find: async () => undefined, touch: async () => undefined }
  expect(await identifyKey(`${scheme} the-admin-key`, secrets, finder, 0)).toEqual({ kind: 'admin' })
  expect(await identifyKey(`${scheme}the-admin-key`, secrets, finder, 0)).toEqual({ kind: 'unknown' })
  expect(await identifyKey(`Basic the-admin-key`, secrets, finder, 0)).toEqual({ kind: 'unknown' })
})
