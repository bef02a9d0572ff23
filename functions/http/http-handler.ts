import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { isRoute, type Route } from '../../contracts/operations.ts'
import type { Caller } from '../caller.ts'
import { describeError, logOutcome } from '../log.ts'
import { admit, callerOf, type HttpEvent } from './admit.ts'
import { type Outcome, openAudit, RequestAudit } from './audited.ts'
import { checkRate, openLimits } from './limited.ts'
import { HttpProblem } from './problem.ts'
import type { HttpAnswer, HttpRequest, Runs } from './request.ts'

type Result = APIGatewayProxyStructuredResultV2
type Run<R extends Route> = (request: HttpRequest<R>) => Promise<HttpAnswer<R>>

interface Manner {
  /**
   * The use case begins while its request is still being counted, for whoever waits at a telephone: it may read meanwhile,
   * and awaits `withinRate` before all else. A refused request costs a read more.
   */
  readsAhead?: true
}

/** A Lambda function of one route: checks the caller, parses the input, runs the use case, answers JSON or a problem document. */
export function httpHandler<R extends Route>(
  route: R,
  run: Run<NoInfer<R>>,
  manner: Manner = {},
): (event: HttpEvent) => Promise<Result> {
  const house = { ...openHouse([route]), ...manner }
  return (event) => serve(route, run, event, house)
}

/** The same for a function of several routes. */
export function httpRoutes(runs: Runs): (event: HttpEvent) => Promise<Result> {
  const house = openHouse(Object.keys(runs).filter(isRoute))
  return (event) => {
    const route = event.routeKey
    if (!isRoute(route)) throw new Error(`the template sends ${route} to a function that does not know it`)
    return dispatch(route, runs, event, house)
  }
}

function dispatch<R extends Route>(route: R, runs: Runs, event: HttpEvent, house: House): Promise<Result> {
  const run = runs[route]
  if (!run) throw new Error(`the template sends ${route} to a function that does not serve it`)
  return serve(route, run, event, house)
}

type House = ReturnType<typeof openHouse> & Manner

/** What every route stands on. A function whose template lacks something of it does not start. */
function openHouse(routes: readonly Route[]) {
  return { writeAudit: openAudit(routes), limits: openLimits(routes) }
}

async function serve<R extends Route>(route: R, run: Run<R>, event: HttpEvent, house: House): Promise<Result> {
  const started = Date.now()
  const { requestId } = event.requestContext
  let caller: Caller = { kind: 'unknown' }
  let outcome: Outcome
  const audit = new RequestAudit(house.writeAudit, route, event)
  const auditNow: HttpRequest['auditNow'] = (problem, extras) => audit.now(caller, problem, extras)
  try {
    caller = callerOf(route, event, started)
    const withinRate = checkRate(house.limits, caller, started)
    if (house.readsAhead) withinRate.catch(() => undefined)
    else await withinRate
    const answer = await run({ ...admit(route, caller, event, started), withinRate, auditNow } as HttpRequest<R>)
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
  return json(status, 'application/problem+json', problem?.toBody(), problem?.headers)
}

function toProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error
  return new HttpProblem(500, 'internal', 'Something failed on our side; the request may be tried again.')
}

function json(statusCode: number, contentType: string, body: unknown, more: Record<string, string> = {}): Result {
  const headers = { 'content-type': contentType, 'cache-control': 'no-store', ...more }
  return body === undefined
    ? { statusCode, headers: { 'cache-control': 'no-store', ...more } }
    : { statusCode, headers, body: typeof body === 'string' ? body : JSON.stringify(body) }
}
