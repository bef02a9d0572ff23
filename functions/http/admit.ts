import type { APIGatewayProxyEventV2WithLambdaAuthorizer } from 'aws-lambda'
import { type Operation, operations, type Route } from '../../contracts/operations.ts'
import { type Caller, parseCaller } from '../caller.ts'
import { bodyOf, parseInput } from './input.ts'
import { HttpProblem, unknownSite } from './problem.ts'
import type { HttpRequest } from './request.ts'
import { ruleOf } from './routes.ts'

/** API Gateway leaves the authorizer's context out where the route has no authorizer. */
export type HttpEvent = APIGatewayProxyEventV2WithLambdaAuthorizer<unknown>

export function callerOf(route: Route, event: HttpEvent, now: number): Caller {
  if (ruleOf(route).needs === 'anyone') return { kind: 'unknown' }
  const caller = parseCaller(event.requestContext.authorizer?.lambda)
  const isOver = caller.kind === 'key' && caller.until !== undefined && caller.until <= now
  if (caller.kind === 'unknown' || isOver) throw keyInvalid()
  return caller
}

/**
 * Lets a known caller in or throws the problem that refuses it, then parses the input by the route's contract. Nothing
 * about a request is looked at before its caller is known to have the right to make it.
 */
export function admit<R extends Route>(
  route: R,
  caller: Caller,
  event: HttpEvent,
  now: number,
): Omit<HttpRequest<R>, 'withinRate' | 'auditNow'>
export function admit(route: Route, caller: Caller, event: HttpEvent, now: number): object {
  checkRight(route, caller, event.pathParameters?.['site'])
  const operation: Operation = operations[route]
  const { pathParameters: path = {}, headers, queryStringParameters = {} } = event
  const query = operation.query && parseInput(operation.query, queryStringParameters)
  const body = operation.body && parseInput(operation.body, bodyOf(event))
  return { route, caller, site: path['site'], path, query, body, headers, now }
}

/** The same words for a key that is wrong, unknown, ended or revoked. */
export function keyInvalid(): HttpProblem {
  return new HttpProblem(401, 'key-invalid', 'The API key is not one of this deployment.')
}

function checkRight(route: Route, caller: Caller, site: string | undefined): void {
  const { needs, orAdmin } = ruleOf(route)
  if (needs === 'anyone' || (caller.kind === 'admin' && (needs === 'admin' || orAdmin))) return
  if (needs === 'admin') throw new HttpProblem(403, 'admin-only', "This takes the deployment's admin key.")
  if (caller.kind !== 'key') throw new HttpProblem(403, 'site-key-only', "This takes one of the site's own keys.")
  if (caller.site !== site) throw unknownSite()
  if (!caller.scopes.has(needs)) throw new HttpProblem(403, 'scope-missing', `The key lacks the scope ${needs}.`)
}
