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

export type AnswerCheck = (method: string, path: string, response: Response) => Promise<void>

/**
 * Checks an answer of the API against the OpenAPI document: status, media type, schema and `errorId`. Throws an error that says
 * what does not fit. The document does not describe the answers to requests that fit no route.
 */
export const checkAnswer: AnswerCheck = answerCheck(openApi('http://test'))

/** Returns the check of answers against an OpenAPI document, such as one that a deployment serves. */
export function answerCheck(openApiDocument: unknown): AnswerCheck {
  const document = v.parse(Document, JSON.parse(JSON.stringify(openApiDocument)))
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false })
  const validators = new Map<string, ValidateFunction>()
  const match = createRoutes(
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { responses }]) => [`${method.toUpperCase()} ${path}`, responses] as const),
    ),
  )
  return async (method, path, response) => {
    const found = match(method, path.split('?')[0] ?? '')
    if (!found) return
    const type = response.headers.get('content-type')?.split(';')[0] ?? ''
    const where = `${found.routeKey} ${response.status}`
    const documented = found.target[String(response.status)]
    if (!documented) throw new Error(`${where}: the OpenAPI document has no such answer`)
    const content = documented.content[type]
    const isEmpty = Object.keys(documented.content).length === 0
    if (isEmpty && (await response.text()) === '') return
    if (!content) throw new Error(`${where}: the OpenAPI document has no ${isEmpty ? 'body' : type} for this answer`)
    if (!type.endsWith('json')) return
    const validate =
      validators.get(`${where} ${type}`) ?? ajv.compile({ ...content.schema, components: document.components })
    validators.set(`${where} ${type}`, validate)
    if (!validate(await response.json())) throw new Error(`${where}: ${ajv.errorsText(validate.errors)}`)
  }
}
