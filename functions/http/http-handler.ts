import type { APIGatewayProxyEventV2WithLambdaAuthorizer, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import * as v from 'valibot'
import { parseCaller, type SiteKey } from '../caller.ts'
import { describeError, logOutcome } from '../log.ts'
import { badFields, HttpProblem } from './problem.ts'
import { type Route, routes } from './routes.ts'

type HttpEvent = APIGatewayProxyEventV2WithLambdaAuthorizer<unknown>

/** A request whose caller may make it. `key` is absent on the admin's routes; elsewhere its site is the path's. */
export interface HttpRequest {
  key: SiteKey | undefined
  query: Record<string, string | undefined>
  body: unknown
}
export interface HttpAnswer {
  status: number
  body: unknown
}

/** A route's Lambda function: checks the caller, runs the use case, answers JSON or a problem document. */
export function httpHandler(route: Route, run: (request: HttpRequest) => Promise<HttpAnswer>) {
  return async (event: HttpEvent): Promise<APIGatewayProxyStructuredResultV2> => {
    const started = Date.now()
    const requestId = event.requestContext.requestId
    try {
      const answer = await run(admit(route, event))
      logOutcome('info', 'http', { route, status: answer.status, ms: Date.now() - started, requestId })
      return json(answer.status, 'application/json', answer.body)
    } catch (error) {
      const problem = toProblem(error)
      const why = problem.status === 500 ? { error: describeError(error) } : {}
      const level = problem.status === 500 ? 'error' : 'info'
      const { status, errorId } = problem
      logOutcome(level, 'http', { route, status, errorId, ms: Date.now() - started, requestId, ...why })
      return json(status, 'application/problem+json', problem.toBody())
    }
  }
}

function admit(route: Route, event: HttpEvent): HttpRequest {
  const caller = parseCaller(event.requestContext.authorizer?.lambda)
  if (caller.kind === 'unknown') throw new HttpProblem(401, 'key-invalid', 'The API key is not one of this deployment.')
  const scope = routes[route]
  const request = { query: event.queryStringParameters ?? {}, body: jsonBody(event) }
  if (scope === 'admin') {
    if (caller.kind !== 'admin') throw new HttpProblem(403, 'admin-only', "This takes the deployment's admin key.")
    return { ...request, key: undefined }
  }
  if (caller.kind === 'admin') throw new HttpProblem(403, 'site-key-only', "This takes one of the site's own keys.")
  // Another site's existence is none of this key's business, so it is unknown in the same words.
  if (caller.site !== event.pathParameters?.['site']) throw unknownSite()
  if (!caller.scopes.has(scope)) throw new HttpProblem(403, 'scope-missing', `The key lacks the scope ${scope}.`)
  return { ...request, key: caller }
}

function unknownSite(): HttpProblem {
  return new HttpProblem(404, 'site-unknown', 'There is no such site.')
}

/** The key behind a request on a route of one site. */
export function siteKey(request: HttpRequest): SiteKey {
  if (!request.key) throw unknownSite()
  return request.key
}

function jsonBody(event: HttpEvent): unknown {
  if (!event.body) return undefined
  const text = event.isBase64Encoded ? Buffer.from(event.body, 'base64').toString('utf8') : event.body
  try {
    return JSON.parse(text)
  } catch {
    throw new HttpProblem(400, 'json-malformed', 'The body is not JSON.')
  }
}

/** Parses input by its schema; all that is wrong is told at once. */
export function parseInput<S extends v.GenericSchema>(schema: S, input: unknown): v.InferOutput<S> {
  const parsed = v.safeParse(schema, input)
  if (parsed.success) return parsed.output
  throw badFields(parsed.issues.map((issue) => ({ field: v.getDotPath(issue) ?? 'body', message: issue.message })))
}

function toProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error
  return new HttpProblem(500, 'internal', 'Something failed on our side; the request may be tried again.')
}

function json(statusCode: number, contentType: string, body: unknown): APIGatewayProxyStructuredResultV2 {
  const headers = { 'content-type': contentType, 'cache-control': 'no-store' }
  return { statusCode, headers, body: JSON.stringify(body) }
}
