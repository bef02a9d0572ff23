import * as v from 'valibot'
import type { RouteDefinition, RouteGroup } from '../../contracts/routes/route.ts'
import { isScope } from '../../contracts/scopes.ts'
import { type Json, jsonSchema, textOf } from '../../functions/http/documents/json-schema.ts'
import { folderOf } from '../../infra/build/functions.ts'

/** A handler module of functions/http/: its folder and the routes that its source names. */
export interface HandlerFile {
  folder: string
  routes: readonly string[]
}

/** Returns a sentence for each fault in the declarations of routes; each says how to correct it. */
export function declarationFaults(groups: Readonly<Record<string, Partial<RouteGroup>>>): string[] {
  const declared = Object.entries(groups).flatMap(([group, routes]) =>
    Object.entries(routes).flatMap(([name, definition]) => (definition ? [{ group, name, definition }] : [])),
  )
  const twice = [...Map.groupBy(declared, ({ name }) => name)].flatMap(([name, places]) =>
    places.length > 1
      ? [`${name} is declared in the groups ${places.map(({ group }) => group).join(' and ')}: remove one of them.`]
      : [],
  )
  return [...twice, ...declared.flatMap(({ name, definition }) => definitionFaults(name, definition))]
}

function definitionFaults(name: string, definition: RouteDefinition): string[] {
  const { needs, path = {}, query, headers, body, answers, example } = definition
  const faults: string[] = []
  const add = (what: string, cure: string) => faults.push(`${name}: ${what}. ${cure}`)
  if (needs !== 'admin' && needs !== 'anyone' && !isScope(String(needs))) {
    add('it needs no scope', 'Set `needs` to a scope of contracts/scopes.ts, admin or anyone.')
  }
  const named = [...name.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter ?? '')
  for (const parameter of new Set([...named, ...Object.keys(path)])) {
    const text = textOf(path[parameter])
    if (!named.includes(parameter)) add(`the path has no {${parameter}}`, 'Remove it from `path`.')
    else if (!text || text.example === undefined) {
      add(
        `{${parameter}} has no description or example`,
        'Declare it in `path` with field(schema, description, example).',
      )
    }
  }
  for (const [part, schema] of Object.entries({ query, headers, body })) {
    for (const field of schema ? undescribed(schema, part !== 'body') : []) {
      add(`${part}.${field} has no description or example`, 'Wrap its schema in field(schema, description, example).')
    }
  }
  if (body && !v.safeParse(body, example.body).success) {
    add('example.body does not fit the schema of the body', 'Correct the example.')
  }
  const [first] = Object.values(answers)
  if (first && !v.safeParse(first, example.answer).success) {
    add('example.answer does not fit the schema of the first answer', 'Correct the example.')
  }
  return faults
}

const Properties = v.looseObject({
  properties: v.optional(v.record(v.string(), v.looseObject({})), {}),
  anyOf: v.optional(v.array(v.looseObject({})), []),
})

/** Fields without a description, and without an example where one is wanted. */
function undescribed(schema: v.GenericSchema, wantsExample: boolean): string[] {
  const look = (json: Json): string[] => {
    const { properties, anyOf } = v.parse(Properties, json)
    const own = Object.entries(properties).filter(
      ([, { description, examples }]) => description === undefined || (wantsExample && examples === undefined),
    )
    return [...own.map(([name]) => name), ...anyOf.flatMap(look)]
  }
  return look(jsonSchema(schema, 'draft-2020-12'))
}

/** Returns a sentence for each route without a handler and each handler without a route. */
export function handlerFaults(
  routes: readonly (readonly [string, Pick<RouteDefinition, 'function'>])[],
  handlers: readonly HandlerFile[],
): string[] {
  const files = new Map(handlers.map(({ folder, routes: served }) => [folder, served]))
  const missing = routes.flatMap(([name, definition]) => {
    const folder = folderOf(definition.function)
    if (files.get(folder)?.includes(name)) return []
    return [`${name} has no handler: add it to functions/http/${folder}/handler.ts, then run \`npm run check\`.`]
  })
  const folders = new Map(routes.map(([name, definition]) => [name, folderOf(definition.function)]))
  const idle = handlers.flatMap(({ folder, routes: served }) =>
    served
      .filter((name) => folders.get(name) !== folder)
      .map(
        (name) =>
          `functions/http/${folder}/handler.ts serves ${name}, which the registry does not declare for this function: ` +
          'declare it in contracts/routes/ or remove the handler, then run `npm run check`.',
      ),
  )
  return [...missing, ...idle]
}

/** Returns a sentence for each function of the registry that the template lacks, and for each HTTP function it has too many. */
export function templateFaults(functions: readonly string[], template: string): string[] {
  const events = [...template.matchAll(/^ {4}events: \$\{file\(infra\/build\/http-events\.cjs\):(\w+)\}/gm)]
  const served = events.map(([, name]) => name ?? '')
  const missing = functions
    .filter((name) => !served.includes(name) || !new RegExp(`^ {2}${name}:$`, 'm').test(template))
    .map(
      (name) =>
        `serverless.yml has no function ${name}: add it with \`events: \${file(infra/build/http-events.cjs):${name}}\`.`,
    )
  const idle = served
    .filter((name) => !functions.includes(name))
    .map((name) => `serverless.yml has the function ${name}, for which contracts/routes/ declares no route: remove it.`)
  return [...missing, ...idle]
}
