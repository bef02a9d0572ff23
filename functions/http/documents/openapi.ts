import { toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import { Problem } from '../../../contracts/http.ts'
import type { RouteDefinition } from '../../../contracts/routes/route.ts'
import { definitionOf, type Route, routeNames } from '../../../contracts/routes.ts'
import { scopes } from '../../../contracts/scopes.ts'

type Json = Record<string, unknown>

/** The HTTP API as an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1), generated from the route registry. */
export function openApi(serverUrl: string): { openapi: string; paths: Json } & Json {
  const paths: Record<string, Json> = {}
  for (const route of routeNames) {
    const [method = '', path = ''] = route.split(' ')
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationOf(route, path) }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Switchhook',
      version: '1',
      summary: 'A telephone switch as an API.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: serverUrl }],
    paths,
    components: {
      schemas: { Problem: schemaOf(Problem) },
      securitySchemes: {
        key: {
          type: 'http',
          scheme: 'bearer',
          description: `A site's key. Scopes: ${Object.keys(scopes).join(', ')}.`,
        },
        adminKey: { type: 'http', scheme: 'bearer', description: "The deployment's own key." },
      },
    },
  }
}

function operationOf(route: Route, path: string): Json {
  const definition = definitionOf(route)
  const { summary, query, body, answers, types = ['application/json'] } = definition
  const parameters = [...pathParameters(path), ...(query ? queryParameters(query) : [])]
  const problem = {
    description: 'A problem (RFC 9457).',
    content: contentOf(['application/problem+json'], refTo('Problem')),
  }
  const given = Object.entries(answers).map(([status, schema]) => [
    status,
    {
      description: summary,
      ...(schema.type !== 'undefined' && { content: contentOf(types, schemaOf(schema)) }),
    },
  ])
  return {
    operationId: operationId(route),
    summary,
    tags: [tagOf(path)],
    security: securityOf(definition),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: requestBodyOf(body) }),
    responses: { ...Object.fromEntries(given), default: problem },
  }
}

/** `GET /v1/sites/{site}/keys` becomes `getSitesSiteKeys`. */
function operationId(route: Route): string {
  const words = route
    .toLowerCase()
    .replace(' /v1/', ' ')
    .split(/[^a-z0-9]+/)
    .filter(Boolean)
  return words.map((word, n) => (n === 0 ? word : `${word[0]?.toUpperCase()}${word.slice(1)}`)).join('')
}

function tagOf(path: string): string {
  const [, , first = '', , third] = path.split('/')
  return third ?? first.replace(/\..*/, '')
}

/** By OpenAPI 3.1 any scheme may name the roles, here scopes, that it takes. */
function securityOf({ needs, orAdmin }: RouteDefinition): Json[] {
  if (needs === 'anyone') return []
  if (needs === 'admin') return [{ adminKey: [] }]
  return [{ key: [needs] }, ...(orAdmin ? [{ adminKey: [] }] : [])]
}

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
}

function queryParameters(query: v.GenericSchema): Json[] {
  const { properties = {}, required = [] } = schemaOf(query)
  const names = v.is(v.array(v.string()), required) ? required : []
  return Object.entries(v.is(Properties, properties) ? properties : {}).map(([name, schema]) => {
    return { name, in: 'query', required: names.includes(name), schema }
  })
}

const Properties = v.record(v.string(), v.unknown())
const Optional = v.looseObject({ type: v.literal('optional') })

function requestBodyOf(body: v.GenericSchema): Json {
  const required = !v.is(Optional, body)
  return { required, content: contentOf(['application/json'], schemaOf(body)) }
}

function contentOf(types: readonly string[], schema: Json): Json {
  return Object.fromEntries(types.map((type) => [type, { schema }]))
}

function refTo(name: string): Json {
  return { $ref: `#/components/schemas/${name}` }
}

/** What goes over the wire: inputs before they are transformed. What JSON Schema cannot say is left to the API's own words. */
function schemaOf(schema: v.GenericSchema): Json {
  const { $schema: _dialect, ...json } = toJsonSchema(schema, {
    typeMode: 'input',
    errorMode: 'ignore',
    target: 'draft-2020-12',
  })
  return json
}
