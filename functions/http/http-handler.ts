import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type { RouteDefinition, RouteGroup } from '../../contracts/routes/route.ts'
import type { Route } from '../../contracts/routes.ts'
import type { Caller } from '../caller.ts'
import { describeError, logOutcome } from '../log.ts'
import { authorizeAndParse, callerOf } from './authorize.ts'
import type { HttpEvent } from './input.ts'
import { HttpProblemError } from './problem.ts'
import { checkRate, createLimits } from './rate-limit.ts'
import type { FunctionOf, HttpAnswer, HttpRequest, RouteHandlers, RoutesOf } from './request.ts'
import { createAuditWriter, type Outcome, RequestAudit } from './request-audit.ts'

type Result = APIGatewayProxyStructuredResultV2
type Run<R extends Route> = (request: HttpRequest<R>) => Promise<HttpAnswer<R>>

interface HandlerOptions {
  /**
   * The use case starts while the request is still being counted, for callers who wait at a telephone. It may only read until it
   * has awaited `withinRate`. A refused request then costs one read more.
   */
  readsAhead?: true
}

/**
 * Returns the Lambda handler of a function: it serves exactly the routes that the group declares for this function. It checks
 * the caller, parses the input, runs the use case, and answers JSON or a problem document (RFC 9457).
 */
export function httpHandler<const G extends RouteGroup, const F extends FunctionOf<G>>(
  group: G,
  functionName: F,
  handlers: RouteHandlers<RoutesOf<G, F>>,
  options?: HandlerOptions,
): (event: HttpEvent) => Promise<Result>
export function httpHandler(
  group: Readonly<Partial<Record<Route, RouteDefinition>>>,
  functionName: string,
  handlers: Partial<RouteHandlers<Route>>,
  options: HandlerOptions = {},
): (event: HttpEvent) => Promise<Result> {
  const served = Object.entries(group).filter(([, definition]) => definition.function === functionName)
  const context = { ...createRouteContext(served), ...options }
  return (event) => {
    const [route] = served.find(([name]) => name === event.routeKey) ?? []
    if (!isOf(group, route)) throw new Error(`${event.routeKey} is not a route of the function ${functionName}.`)
    return dispatch(route, group[route], handlers, event, context)
  }
}

function isOf(group: object, route: string | undefined): route is Route {
  return route !== undefined && Object.hasOwn(group, route)
}

function dispatch<R extends Route>(
  route: R,
  definition: RouteDefinition | undefined,
  handlers: Partial<RouteHandlers<Route>>,
  event: HttpEvent,
  context: RouteContext,
): Promise<Result> {
  const run = handlers[route]
  if (!definition || !run) throw new Error(`${route} has no handler.`)
  return serve(route, definition, run, event, context)
}

type RouteContext = ReturnType<typeof createRouteContext> & HandlerOptions

/** Creates what serves every route of a function. A function that lacks an environment variable for it fails to start. */
function createRouteContext(routes: readonly (readonly [string, RouteDefinition])[]) {
  return { writeAudit: createAuditWriter(routes), limits: createLimits(routes) }
}

async function serve<R extends Route>(
  route: R,
  definition: RouteDefinition,
  run: Run<R>,
  event: HttpEvent,
  context: RouteContext,
): Promise<Result> {
  const started = Date.now()
  const { requestId } = event.requestContext
  let caller: Caller = { kind: 'unknown' }
  let outcome: Outcome
  const audit = new RequestAudit(context.writeAudit, { route, definition }, event)
  const auditNow: HttpRequest['auditNow'] = (problem, extras) => audit.now(caller, problem, extras)
  try {
    caller = callerOf(definition, event, started)
    const withinRate = checkRate(context.limits, caller, started)
    // Handled here, so that a use case that fails before it awaits the count leaves no unhandled rejection.
    if (context.readsAhead) withinRate.catch(() => undefined)
    else await withinRate
    const request = authorizeAndParse(route, definition, caller, event, started)
    const answer = await run({ ...request, withinRate, auditNow } as HttpRequest<R>)
    await withinRate
    outcome = { answer }
  } catch (error) {
    outcome = { problem: toProblem(error), error }
  }
  const { answer, problem, error } = (await audit.end(caller, outcome)) ?? outcome
  const { status, errorId } = { status: (answer ?? problem).status, errorId: problem?.errorId }
  const why = status === 500 ? { error: describeError(error) } : {}
  logOutcome(status === 500 ? 'error' : 'info', 'http', {
    route,
    status,
    errorId,
    ms: Date.now() - started,
    requestId,
    ...why,
  })
  if (answer) return json(status, 'application/json', answer.body, answer.headers)
  return answerOf(problem)
}

/** Returns a problem document as API Gateway takes it. */
export function answerOf(problem: HttpProblemError): Result {
  return json(problem.status, 'application/problem+json', problem.toBody(), problem.headers)
}

function toProblem(error: unknown): HttpProblemError {
  if (error instanceof HttpProblemError) return error
  return new HttpProblemError(500, 'internal', 'The server failed to answer this request. Send it again.')
}

function json(statusCode: number, contentType: string, body: unknown, more: Record<string, string> = {}): Result {
  const headers = { 'content-type': contentType, 'cache-control': 'no-store', ...more }
  if (body === undefined) return { statusCode, headers: { 'cache-control': 'no-store', ...more } }
  // API Gateway decodes base64 and sends the bytes.
  if (body instanceof Uint8Array)
    return { statusCode, headers, body: Buffer.from(body).toString('base64'), isBase64Encoded: true }
  return { statusCode, headers, body: typeof body === 'string' ? body : JSON.stringify(body) }
}
