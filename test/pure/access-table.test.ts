import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { operations, type Route } from '../../contracts/operations.ts'
import { type Caller, callerContext } from '../../functions/caller.ts'
import { allScopes, type Scope } from '../../functions/domain/scopes.ts'
import { admit, callerOf, type HttpEvent } from '../../functions/http/admit.ts'
import { httpHandler } from '../../functions/http/http-handler.ts'
import { HttpProblem } from '../../functions/http/problem.ts'
import { answer } from '../../functions/http/request.ts'
import { type RouteRule, ruleOf, routes as rules } from '../../functions/http/routes.ts'
import { generated, withPart } from '../../infra/build/documents.ts'

const now = Date.UTC(2026, 10, 24)
const routes = Object.keys(operations) as Route[]
const key = (scopes: readonly Scope[], site = 'own'): Caller => ({
  kind: 'key',
  site,
  keyId: 'k',
  scopes: new Set(scopes),
})

/** How the door answers: `open` once the caller is let in, whatever becomes of the input after that. */
function door(route: Route, caller: Caller, site = 'own'): string {
  const event = {
    routeKey: route,
    headers: {},
    pathParameters: { site },
    requestContext: { authorizer: { lambda: callerContext(caller) } },
  } as unknown as HttpEvent
  try {
    admit(route, callerOf(route, event, now), event, now)
    return 'open'
  } catch (error) {
    if (!(error instanceof HttpProblem)) throw error
    return error.status === 400 ? 'open' : `${error.status} ${error.errorId}`
  }
}

/** The same, written down a second time, from what the documents promise. */
function expected(route: Route, caller: Caller, site: string): string {
  const { needs, orAdmin = false } = ruleOf(route)
  if (needs === 'anyone') return 'open'
  if (caller.kind === 'unknown') return '401 key-invalid'
  if (needs === 'admin') return caller.kind === 'admin' ? 'open' : '403 admin-only'
  if (caller.kind === 'admin') return orAdmin ? 'open' : '403 site-key-only'
  if (caller.site !== site) return '404 site-unknown'
  return caller.scopes.has(needs) ? 'open' : '403 scope-missing'
}

const callers: [string, Caller][] = [
  ['nobody', { kind: 'unknown' }],
  ['the admin', { kind: 'admin' }],
  ['a key without scopes', key([])],
  ['a key with all scopes', key(allScopes)],
  ...allScopes.flatMap((scope): [string, Caller][] => [
    [`a key with ${scope} alone`, key([scope])],
    [`a key with all but ${scope}`, key(allScopes.filter((one) => one !== scope))],
  ]),
]

test('every route answers every kind of caller, of its own site and of another, as its rule says', () => {
  const cells = routes.flatMap((route) =>
    callers.flatMap(([name, caller]) =>
      ['own', 'other'].map((site) => ({
        route,
        name,
        site,
        is: door(route, caller, site),
        wanted: expected(route, caller, site),
      })),
    ),
  )
  expect(cells.length).toBe(routes.length * callers.length * 2)
  expect(cells.filter(({ is, wanted }) => is !== wanted)).toEqual([])
  // A table of which every cell said the same would prove nothing.
  expect(new Set(cells.map(({ is }) => is)).size).toBe(6)
})

test('a key that has ended is nobody on every route, though its answer is still cached', () => {
  const ended = { ...key(allScopes), until: now }
  const alive = { ...key(allScopes), until: now + 1 }
  for (const route of routes.filter((one) => ruleOf(one).needs !== 'anyone')) {
    expect(door(route, ended), route).toBe('401 key-invalid')
    expect(door(route, alive), route).not.toBe('401 key-invalid')
  }
})

test('every route but those of the deployment itself and those without a key is of one site', () => {
  const ofNoSite = routes.filter((route) => !route.includes('/v1/sites/{site}'))
  const free = ofNoSite.filter((route) => ruleOf(route).needs !== 'anyone')
  expect(free).toEqual(['POST /v1/sites', 'GET /v1/sites'])
  expect(free.map((route) => ruleOf(route).needs)).toEqual(['admin', 'admin'])
})

test('a route without its rule, a handler without a route and a caller the rule does not let in do not compile', () => {
  const { 'GET /v1/sites': _left, ...fewer } = rules
  // The compiler holds each of these lines to be wrong; were one right, it would say so.
  // @ts-expect-error a route has no rule
  fewer satisfies Record<Route, RouteRule>
  // @ts-expect-error a rule names a scope that does not exist
  const misspelt: RouteRule = { needs: 'cdrs:raed' }
  const handlers = [
    // @ts-expect-error no such route
    () => httpHandler('GET /v1/nothing', async () => answer(200, {})),
    // @ts-expect-error a site's key does not come here
    () => httpHandler('GET /v1/sites', async ({ caller }) => answer(200, { sites: [{ site: caller.keyId }] })),
    // @ts-expect-error this status is not in the contract
    () => httpHandler('GET /v1/sites/{site}/keys', async () => answer(418, { keys: [] })),
  ]
  expect([misspelt, ...handlers]).toHaveLength(4)
})

test.each(generated)(
  'the $part of $file are those of the sources; write them anew by npm run documents',
  ({ file, part, make }) => {
    const text = readFileSync(file, 'utf8')
    expect(withPart(text, part, make())).toBe(text)
  },
)
