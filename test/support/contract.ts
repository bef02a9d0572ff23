import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import * as v from 'valibot'
import { openApi } from '../../functions/http/documents/openapi.ts'
import { createRoutes } from '../../infra/local/http/http-routes.ts'

const Content = v.record(v.string(), v.object({ schema: v.record(v.string(), v.unknown()) }))
const Responses = v.record(v.string(), v.looseObject({ content: v.optional(Content, {}) }))
const Document = v.looseObject({
  paths: v.record(v.string(), v.record(v.string(), v.looseObject({ responses: Responses }))),
  components: v.looseObject({ schemas: v.record(v.string(), v.record(v.string(), v.unknown())) }),
})

const document = v.parse(Document, JSON.parse(JSON.stringify(openApi('http://test'))))
const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false })
const validators = new Map<string, ValidateFunction>()
const match = createRoutes(
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { responses }]) => [`${method.toUpperCase()} ${path}`, responses] as const),
  ),
)

/**
 * Holds an answer of the API against the OpenAPI document and throws what does not fit. API Gateway's own refusals, of
 * routes that are not there and of requests without a key, are no part of it.
 */
export async function checkAnswer(method: string, path: string, response: Response): Promise<void> {
  const found = match(method, path.split('?')[0] ?? '')
  const type = response.headers.get('content-type')?.split(';')[0] ?? ''
  if (!found || (response.status === 401 && type !== 'application/problem+json') || response.status === 503) return
  const where = `${found.routeKey} ${response.status}`
  const told = found.target[String(response.status)] ?? (response.status >= 400 ? found.target['default'] : undefined)
  if (!told) throw new Error(`${where}: the document knows no such answer`)
  const content = told.content[type]
  const isEmpty = Object.keys(told.content).length === 0
  if (isEmpty && (await response.text()) === '') return
  if (!content) throw new Error(`${where}: the document knows no ${isEmpty ? 'body' : type} of it`)
  // Only JSON has a schema to fit.
  if (!type.endsWith('json')) return
  const validate = validators.get(`${where} ${type}`) ?? ajv.compile(resolved(content.schema))
  validators.set(`${where} ${type}`, validate)
  if (!validate(await response.json())) throw new Error(`${where}: ${ajv.errorsText(validate.errors)}`)
}

function resolved(schema: Record<string, unknown>): Record<string, unknown> {
  const [, name = ''] = /^#\/components\/schemas\/(\w+)$/.exec(String(schema['$ref'] ?? '')) ?? []
  return document.components.schemas[name] ?? schema
}
