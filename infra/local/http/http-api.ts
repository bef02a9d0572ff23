import { randomUUID } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { ApiResource, ApiRoute } from '../api/api-resources.ts'
import { identityOf } from '../api/identity-source.ts'
import { messageOf } from '../errors.ts'
import { errorTypeOf } from '../functions/outcome.ts'
import type { Log } from '../log.ts'
import { readBody } from '../request-body.ts'
import { requestTarget } from '../request-target.ts'
import { account } from '../template/names.ts'
import { within } from '../within.ts'
import { corsHeaders, isPreflight } from './cors.ts'
import { type HttpAnswer, httpAnswer, internalError, messageAnswer } from './http-answer.ts'
import { bodyOf, decodedPath, type HttpRequestParts, httpRequestParts } from './http-event.ts'
import { createRoutes } from './http-routes.ts'

/** "Quotas for HTTP APIs": payload 10 MB; request line and header values 10,240 bytes together. */
const payloadBytesMax = 10 * 1024 * 1024
export const headerBytesMax = 10_240

/** Serves an HTTP API of API Gateway with payload format 2.0. */
export function createHttpApi(
  api: ApiResource,
  options: { region: string; domainName: string; log: Log },
): RequestListener {
  const match = createRoutes(api.routes.map((route) => [route.routeKey, route] as const))
  const { region, domainName, log } = options

  async function answer(request: IncomingMessage, requestId: string): Promise<HttpAnswer> {
    const body = await readBody(request, payloadBytesMax)
    const method = request.method ?? 'GET'
    const path = decodedPath(requestTarget(request.url).pathname)
    const found = match(method, path)
    if (!found) return messageAnswer(404, 'Not Found')
    if (headerBytes(request) > headerBytesMax) return messageAnswer(431, 'Request Header Fields Too Large')
    if (body === undefined) return messageAnswer(413, 'Request Entity Too Large')
    const parts = httpRequestParts(request, found, { apiId: api.apiId, domainName }, requestId)
    const rejection = await authorize(
      found.target,
      parts,
      `arn:aws:execute-api:${region}:${account}:${api.apiId}/${api.stage}/${method}${path}`,
    )
    if (rejection) return rejection
    const event = { version: '2.0', ...parts, ...bodyOf(body, request.headers['content-type']) }
    const outcome = await within(found.target.target.invoke(event), found.target.timeoutMs)
    if (outcome?.functionError)
      log('http-function-failed', { route: found.routeKey, requestId, error: errorTypeOf(outcome) })
    return outcome ? httpAnswer(outcome) : messageAnswer(503, 'Service Unavailable')
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = randomUUID()
    const startedAt = performance.now()
    const given = api.cors && isPreflight(request) ? preflight : await answer(request, requestId)
    // If the API configures CORS, API Gateway drops the function's CORS headers.
    const kept = Object.entries(given.headers).filter(([name]) => !api.cors || !name.startsWith('access-control-'))
    const cors = api.cors ? corsHeaders(api.cors, request) : {}
    response.writeHead(given.status, { ...Object.fromEntries(kept), ...cors, 'apigw-requestid': requestId })
    response.end(request.method === 'HEAD' ? undefined : given.body)
    log('http', {
      method: request.method,
      status: given.status,
      ms: Math.round(performance.now() - startedAt),
      requestId,
    })
  }

  return (request, response) => {
    respond(request, response).catch((error: unknown) => {
      log('http-failed', { error: messageOf(error) })
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'application/json' })
      response.end(internalError.body)
    })
  }
}

const preflight: HttpAnswer = { status: 204, headers: {}, body: Buffer.alloc(0) }

/** Adds the authorizer's context to the request, or returns the answer that rejects the request. */
async function authorize(
  { authorizer }: ApiRoute,
  parts: HttpRequestParts,
  routeArn: string,
): Promise<HttpAnswer | undefined> {
  if (!authorizer) return undefined
  const identity = authorizer.identitySources.map((source) => identityOf(source, parts))
  const known = identity.filter((value) => value !== undefined)
  // API Gateway rejects a request that lacks an identity source without calling the authorizer.
  if (known.length < identity.length) return messageAnswer(401, 'Unauthorized')
  const event = { version: '2.0', type: 'REQUEST', routeArn, identitySource: known, ...parts }
  const decision = await authorizer.authorize(known, routeArn, event)
  if (decision.outcome === 'failed') return internalError
  if (decision.outcome === 'forbidden') return messageAnswer(403, 'Forbidden')
  parts.requestContext.authorizer = { lambda: decision.context }
  return undefined
}

function headerBytes({ method = '', url = '', rawHeaders }: IncomingMessage): number {
  return rawHeaders.reduce((sum, text) => sum + Buffer.byteLength(text), Buffer.byteLength(method + url))
}
