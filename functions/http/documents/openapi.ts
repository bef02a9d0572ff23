import * as v from 'valibot'
import { fieldText } from '../../../contracts/field.ts'
import { Problem } from '../../../contracts/http.ts'
import { pathBytesMax } from '../../../contracts/limits.ts'
import type { RouteDefinition } from '../../../contracts/routes/route.ts'
import { errorsOf, gatewayErrorsOf } from '../../../contracts/routes/route-errors.ts'
import { definitionOf, type Route, routeNames } from '../../../contracts/routes.ts'
import { scopes } from '../../../contracts/scopes.ts'
import { type Json, jsonSchema } from './json-schema.ts'

/** Returns the HTTP API as an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1), made from the route registry. */
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
      schemas: { Problem: schemaOf(Problem), GatewayError: gatewayError },
      securitySchemes: {
        key: {
          type: 'http',
          scheme: 'bearer',
          description: `A site's key. Scopes: ${Object.keys(scopes).join(', ')}.`,
        },
        adminKey: { type: 'http', scheme: 'bearer', description: 'The admin key of the deployment.' },
      },
    },
  }
}

function operationOf(route: Route, path: string): Json {
  const definition = definitionOf(route)
  const { summary, query, headers, body } = definition
  const parameters = [
    ...pathParameters(path, definition),
    ...(query ? parametersOf(query, 'query') : []),
    ...(headers ? parametersOf(headers, 'header') : []),
  ]
  return {
    operationId: operationId(route),
    summary,
    tags: [tagOf(path)],
    security: securityOf(definition),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: requestBodyOf(body, definition) }),
    responses: { ...answersOf(definition), ...errorAnswers(route, definition) },
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

/** In OpenAPI 3.1 any scheme may list the roles that it needs: here, scopes. */
function securityOf({ needs, orAdmin }: RouteDefinition): Json[] {
  if (needs === 'anyone') return []
  if (needs === 'admin') return [{ adminKey: [] }]
  return [{ key: [needs] }, ...(orAdmin ? [{ adminKey: [] }] : [])]
}

function pathParameters(path: string, { path: described = {} }: RouteDefinition): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => {
    const schema = described[name]
    const { description, example } = (schema && fieldText(schema)) ?? {}
    return {
      name,
      in: 'path',
      required: true,
      description,
      example,
      schema: { type: 'string', maxLength: pathBytesMax },
    }
  })
}

const Properties = v.record(v.string(), v.looseObject({}))

function parametersOf(parameters: v.GenericSchema, place: 'query' | 'header'): Json[] {
  const { properties = {}, required = [] } = schemaOf(parameters)
  const names = v.is(v.array(v.string()), required) ? required : []
  return Object.entries(v.is(Properties, properties) ? properties : {}).map(
    ([name, { description, examples, ...schema }]) => ({
      name,
      in: place,
      required: names.includes(name),
      ...(description !== undefined && { description }),
      ...(Array.isArray(examples) && { example: examples[0] }),
      schema,
    }),
  )
}

const Optional = v.looseObject({ type: v.literal('optional') })

function requestBodyOf(body: v.GenericSchema, { bodyTypes = ['application/json'], example }: RouteDefinition): Json {
  const schema = schemaOf(body)
  const contents = bodyTypes.map((type) =>
    type === 'application/json' ? [type, { schema, example: example.body }] : [type, { schema: { type: 'string' } }],
  )
  return { required: !v.is(Optional, body), content: Object.fromEntries(contents) }
}

const answerTexts: Readonly<Record<string, string>> = {
  200: 'Done: the answer is the body.',
  201: 'Created.',
  202: 'Accepted: the change is not confirmed yet.',
  204: 'Done: there is no body.',
  304: 'Unchanged since the ETag in If-None-Match.',
}

function answersOf({ answers, types = ['application/json'], example }: RouteDefinition): Json {
  const statuses = Object.entries(answers).map(([status, schema], place) => {
    const answer = place === 0 && example.answer !== undefined ? { example: example.answer } : {}
    const content = Object.fromEntries(types.map((type) => [type, { schema: schemaOf(schema), ...answer }]))
    return [status, { description: answerTexts[status] ?? '', ...(schema.type !== 'undefined' && { content }) }]
  })
  return Object.fromEntries(statuses)
}

/** The errors of the function and those of API Gateway, which may have the same status. */
function errorAnswers(route: Route, definition: RouteDefinition): Json {
  const problems = problemsOf(route, definition)
  const gateway = Object.entries(gatewayErrorsOf(definition))
  const statuses = new Set([...Object.keys(problems), ...gateway.map(([status]) => status)])
  const answers = [...statuses].map((status) => {
    const [problem, when] = [problems[status], gateway.find(([one]) => one === status)?.[1]]
    const own = when === undefined ? undefined : `API Gateway itself: ${when}`
    const content = { ...problem?.content, ...(own && { 'application/json': { schema: refTo('GatewayError') } }) }
    const description = [problem?.description, own].filter(Boolean).join('\n\n')
    return [status, { description, content }]
  })
  return Object.fromEntries(answers)
}

const gatewayError: Json = {
  type: 'object',
  required: ['message'],
  properties: { message: { type: 'string', description: 'What is wrong, in words of API Gateway.' } },
}

/** One response a status; its description lists each `errorId` and when it is answered. */
function problemsOf(route: Route, definition: RouteDefinition): Record<string, { description: string; content: Json }> {
  const errors = Map.groupBy(Object.entries(errorsOf(route, definition)), ([, { status }]) => status)
  const statuses = [...errors].map(([status, group]): [string, { description: string; content: Json }] => {
    const errorIds = group.map(([errorId]) => errorId)
    const schema = { allOf: [refTo('Problem'), { properties: { errorId: { enum: errorIds } } }] }
    return [
      String(status),
      {
        description: group.map(([errorId, { when }]) => `\`${errorId}\`: ${when}`).join('\n\n'),
        content: { 'application/problem+json': { schema } },
      },
    ]
  })
  return Object.fromEntries(statuses)
}

function refTo(name: string): Json {
  return { $ref: `#/components/schemas/${name}` }
}

function schemaOf(schema: v.GenericSchema): Json {
  return jsonSchema(schema, 'draft-2020-12')
}
