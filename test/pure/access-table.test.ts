import { expect, test } from 'vitest'
import type { RouteDefinition } from '../../contracts/routes/route.ts'
import { siteRoutes } from '../../contracts/routes/sites.ts'
import { definitionOf, type Route, routeNames } from '../../contracts/routes.ts'
import { allScopes, personalAreas, roles, type Scope } from '../../contracts/scopes.ts'
import { type Caller, callerContext } from '../../functions/caller.ts'
import { authorizeAndParse, callerOf } from '../../functions/http/authorize.ts'
import { httpHandler } from '../../functions/http/http-handler.ts'
import type { HttpEvent } from '../../functions/http/input.ts'
import { HttpProblemError } from '../../functions/http/problem.ts'
import { answer } from '../../functions/http/request.ts'

const now = Date.UTC(2026, 10, 24)
const key = (scopes: readonly Scope[], site = 'own'): Caller => ({
  kind: 'key',
  site,
  keyId: 'k',
  scopes: new Set(scopes),
})

/** Returns `open` if the caller passes the check of rights, even if the input is refused after it; else status and errorId. */
function check(route: Route, caller: Caller, site = 'own'): string {
  const event = {
    routeKey: route,
    headers: {},
    pathParameters: { site },
    requestContext: { authorizer: { lambda: callerContext(caller) } },
  } as unknown as HttpEvent
  try {
    const definition = definitionOf(route)
    authorizeAndParse(route, definition, callerOf(definition, event, now), event, now)
    return 'open'
  } catch (error) {
    if (!(error instanceof HttpProblemError)) throw error
    return error.status === 400 ? 'open' : `${error.status} ${error.errorId}`
  }
}

/** Returns the same from the rules as docs/access.md describes them. */
function expected(route: Route, caller: Caller, site: string): string {
  const { needs, orAdmin = false } = definitionOf(route)
  if (needs === 'anyone') return 'open'
  if (caller.kind === 'unknown') return '401 key-invalid'
  if (needs === 'admin') return caller.kind === 'admin' ? 'open' : '403 admin-only'
  if (caller.kind === 'admin') return orAdmin ? 'open' : '403 site-key-only'
  if (caller.site !== site) return '404 site-unknown'
  return caller.scopes.has(needs) ? 'open' : '403 scope-missing'
}

const callers: [string, Caller][] = [
  ['no key', { kind: 'unknown' }],
  ['the admin key', { kind: 'admin' }],
  ['a key without scopes', key([])],
  ['a key with all scopes', key(allScopes)],
  ...allScopes.flatMap((scope): [string, Caller][] => [
    [`a key with ${scope} alone`, key([scope])],
    [`a key with all but ${scope}`, key(allScopes.filter((one) => one !== scope))],
  ]),
]

test('answers each kind of caller on each route, for its own site and another, as the route declares', () => {
  const cells = routeNames.flatMap((route) =>
    callers.flatMap(([name, caller]) =>
      ['own', 'other'].map((site) => ({
        route,
        name,
        site,
        is: check(route, caller, site),
        wanted: expected(route, caller, site),
      })),
    ),
  )
  expect(cells.length).toBe(routeNames.length * callers.length * 2)
  expect(cells.filter(({ is, wanted }) => is !== wanted)).toEqual([])
  // All six outcomes must occur, or the table would prove little.
  expect(new Set(cells.map(({ is }) => is)).size).toBe(6)
})

test('refuses an expired key on every route with 401, even while the answer of the authorizer is cached', () => {
  const expired = { ...key(allScopes), until: now }
  const alive = { ...key(allScopes), until: now + 1 }
  for (const route of routeNames.filter((one) => definitionOf(one).needs !== 'anyone')) {
    expect(check(route, expired), route).toBe('401 key-invalid')
    expect(check(route, alive), route).not.toBe('401 key-invalid')
  }
})

test('only the routes POST and GET /v1/sites need a key and have no site in their path', () => {
  const ofNoSite = routeNames.filter((route) => !route.includes('/v1/sites/{site}'))
  const free = ofNoSite.filter((route) => definitionOf(route).needs !== 'anyone')
  expect(free).toEqual(['POST /v1/sites', 'GET /v1/sites'])
  expect(free.map((route) => definitionOf(route).needs)).toEqual(['admin', 'admin'])
})

test('the compiler rejects a wrong scope, an undeclared route, a missing handler, a wrong caller and a wrong status', () => {
  const sites = async () => answer(200, { sites: [] })
  const site = async () => Promise.reject(new Error('not called'))
  const group = {
    'GET /v1/sites': siteRoutes['GET /v1/sites'],
    'GET /v1/sites/{site}': siteRoutes['GET /v1/sites/{site}'],
  } as const
  // Each line below an expectation must fail to compile: the compiler reports an expectation that is not needed.
  // @ts-expect-error the scope does not exist
  const misspelt: RouteDefinition['needs'] = 'cdrs:raed'
  const handlers = [
    () => httpHandler(group, 'sites', { 'GET /v1/sites': sites, 'GET /v1/sites/{site}': site }),
    // @ts-expect-error the group declares no such function
    () => httpHandler(group, 'sights', {}),
    // @ts-expect-error a route of the function has no handler
    () => httpHandler(group, 'sites', { 'GET /v1/sites': sites }),
    // @ts-expect-error the registry has no such route
    () => httpHandler(group, 'sites', { 'GET /v1/sites': sites, 'GET /v1/sites/{site}': site, 'GET /v1/no': site }),
    () =>
      httpHandler(group, 'sites', {
        // @ts-expect-error only the admin key may call this route, which has no key id
        'GET /v1/sites': async ({ caller }) => answer(200, { sites: [{ site: caller.keyId }] }),
        'GET /v1/sites/{site}': site,
      }),
    // @ts-expect-error the route declares no such status
    () => httpHandler(group, 'sites', { 'GET /v1/sites': async () => answer(418, {}), 'GET /v1/sites/{site}': site }),
  ]
  expect([misspelt, ...handlers]).toHaveLength(7)
})

test('a role has no scope that the next one lacks, and a viewer sees no numbers and changes nothing', () => {
  expect(roles.operator).toEqual(expect.arrayContaining([...roles.viewer]))
  expect(roles.admin).toEqual(expect.arrayContaining([...roles.operator]))
  expect(roles.viewer).toEqual(['sites:read', 'presence:read', 'calls:read', 'cdrs:read'])
  for (const scope of Object.values(personalAreas)) expect(roles.viewer).not.toContain(scope)
})
