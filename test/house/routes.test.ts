import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { RouteDefinition } from '../../contracts/routes/route.ts'
import { errorsOf } from '../../contracts/routes/route-errors.ts'
import { siteRoutes } from '../../contracts/routes/sites.ts'
import { definitionOf, routeGroups, routeNames } from '../../contracts/routes.ts'
import { generated, withPart } from '../../infra/build/documents.ts'
import { sourceFiles } from '../support/source-files.ts'
import { declarationFaults, type HandlerFile, handlerFaults, templateFaults } from './route-faults.ts'

const routes = routeNames.map((name) => [name, definitionOf(name)] as const)

const handlers: HandlerFile[] = readdirSync('functions/http', { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(`functions/http/${entry.name}/handler.ts`))
  .map(({ name: folder }) => {
    const source = readFileSync(`functions/http/${folder}/handler.ts`, 'utf8')
    const named = [...source.matchAll(/^ {2,4}'([A-Z]+ \/v1\/[^']+)'(?::|\()/gm)]
    return { folder, routes: named.map(([, name]) => name ?? '') }
  })

test('every route is declared once, with a scope, descriptions and valid examples', () => {
  expect(declarationFaults(routeGroups).join('\n')).toBe('')
  expect(
    Object.values(routeGroups)
      .flatMap((group) => Object.keys(group))
      .sort(),
  ).toEqual([...routeNames].sort())
})

test('every route has a handler, and every handler a route', () => {
  expect(handlers.length).toBeGreaterThan(10)
  expect(handlerFaults(routes, handlers).join('\n')).toBe('')
})

test('serverless.yml has every function of the route registry and no other HTTP function', () => {
  const functions = [...new Set(routes.map(([, definition]) => definition.function))]
  expect(templateFaults(functions, readFileSync('serverless.yml', 'utf8')).join('\n')).toBe('')
})

test('every errorId that functions/http answers is declared with its status', () => {
  const declared = new Set(
    routes.flatMap(([name, route]) =>
      Object.entries(errorsOf(name, route)).map(([id, { status }]) => `${status} ${id}`),
    ),
  )
  const answered = sourceFiles(['functions/http']).flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/new HttpProblemError\(\s*(\d+),\s*'([a-z-]+)'/g)].map(
      ([, status, id]) => ({
        file,
        error: `${status} ${id}`,
      }),
    ),
  )
  expect(answered.length).toBeGreaterThan(40)
  const missing = answered
    .filter(({ error }) => !declared.has(error))
    .map(({ file, error }) => `${file} answers ${error}: add it to \`errors\` of its routes in contracts/routes/.`)
  expect(missing.join('\n')).toBe('')
})

test.each(generated)('the generated $part in $file are current', ({ file, part, make }) => {
  const text = readFileSync(file, 'utf8')
  const stale = withPart(text, part, make()) === text ? '' : `${file} is stale: run \`npm run documents\`.`
  expect(stale).toBe('')
})

const listSites = siteRoutes['GET /v1/sites']
/** A route without `needs`, which the compiler would reject. */
const withoutScope = { ...siteRoutes['GET /v1/sites/{site}'], needs: undefined } as unknown as RouteDefinition

test.each([
  [
    'a route that two groups declare',
    () => declarationFaults({ sites: { 'GET /v1/sites': listSites }, more: { 'GET /v1/sites': listSites } }),
    'GET /v1/sites is declared in the groups sites and more: remove one of them.',
  ],
  [
    'a route without a scope',
    () => declarationFaults({ sites: { 'GET /v1/sites/{site}': withoutScope } }),
    'GET /v1/sites/{site}: it needs no scope. Set `needs` to a scope of contracts/scopes.ts, admin or anyone.',
  ],
  [
    'a path parameter without a description',
    () => declarationFaults({ sites: { 'GET /v1/sites/{site}/{id}': siteRoutes['GET /v1/sites/{site}'] } }),
    'GET /v1/sites/{site}/{id}: {id} has no description or example. Declare it in `path` with field(schema, description, example).',
  ],
  [
    'an example that does not fit its schema',
    () => declarationFaults({ sites: { 'GET /v1/sites': { ...listSites, example: { answer: {} } } } }),
    'GET /v1/sites: example.answer does not fit the schema of the first answer. Correct the example.',
  ],
  [
    'a route without a handler',
    () => handlerFaults([['GET /v1/sites', listSites]], []),
    'GET /v1/sites has no handler: add it to functions/http/sites/handler.ts, then run `npm run check`.',
  ],
  [
    'a handler without a route',
    () => handlerFaults([], [{ folder: 'sites', routes: ['GET /v1/sites'] }]),
    'functions/http/sites/handler.ts serves GET /v1/sites, which the registry does not declare for this function: declare it in contracts/routes/ or remove the handler, then run `npm run check`.',
  ],
  [
    'a function that serverless.yml lacks',
    () => templateFaults(['gradeLookups'], 'functions:\n'),
    'serverless.yml has no function gradeLookups: add it with `events: $' +
      '{file(infra/build/http-events.cjs):gradeLookups}`.',
  ],
])('reports %s with a sentence that says how to correct it', (_, faults, sentence) => {
  expect(faults()).toEqual([sentence])
})
