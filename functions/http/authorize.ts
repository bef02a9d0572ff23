import type { RouteDefinition } from '../../contracts/routes/route.ts'
import type { Route } from '../../contracts/routes.ts'
import { type Caller, parseCaller } from '../caller.ts'
import { bodyOf, type HttpEvent, parseInput } from './input.ts'
import { longParameters, unknownParameters } from './parameters.ts'
import { badFields, HttpProblemError, unknownSite } from './problem.ts'
import type { HttpRequest } from './request.ts'

/** Returns the caller that the authorizer identified. @throws HttpProblemError 401 if the key is unknown or has expired */
export function callerOf({ needs }: RouteDefinition, event: HttpEvent, now: number): Caller {
  if (needs === 'anyone') return { kind: 'unknown' }
  const caller = parseCaller(event.requestContext.authorizer?.lambda)
  const isExpired = caller.kind === 'key' && caller.until !== undefined && caller.until <= now
  if (caller.kind === 'unknown' || isExpired) throw keyInvalid()
  return caller
}

/**
 * Checks that the caller may use the route, then parses query and body by the route's schemas. The input is looked at only
 * after the caller's right to send it is known.
 */
export function authorizeAndParse<R extends Route>(
  route: R,
  definition: RouteDefinition,
  caller: Caller,
  event: HttpEvent,
  now: number,
): Omit<HttpRequest<R>, 'withinRate' | 'auditNow'>
export function authorizeAndParse(
  route: Route,
  definition: RouteDefinition,
  caller: Caller,
  event: HttpEvent,
  now: number,
): object {
  const { pathParameters: path = {}, headers, queryStringParameters: given = {} } = event
  checkRight(definition, caller, path['site'])
  const wrong = [...longParameters(path), ...unknownParameters(definition, given)]
  if (wrong.some(({ field }) => field === 'site')) throw unknownSite()
  const query = definition.query && parseInput(definition.query, given, wrong)
  if (wrong.length > 0) throw badFields(wrong)
  const body = definition.body && parseInput(definition.body, bodyOf(event))
  const { domainName } = event.requestContext
  return { route, caller, site: path['site'], path, query, body, headers, domainName, now }
}

/** The same answer for a key that is malformed, unknown, expired or revoked. */
export function keyInvalid(): HttpProblemError {
  return new HttpProblemError(
    401,
    'key-invalid',
    'The API key is not one of this deployment, or it is expired or revoked.',
  )
}

function checkRight({ needs, orAdmin }: RouteDefinition, caller: Caller, site: string | undefined): void {
  if (needs === 'anyone' || (caller.kind === 'admin' && (needs === 'admin' || orAdmin))) return
  if (needs === 'admin')
    throw new HttpProblemError(403, 'admin-only', 'Only the admin key of the deployment may call this route.')
  if (caller.kind !== 'key')
    throw new HttpProblemError(
      403,
      'site-key-only',
      "Only a key of the site may call this route, not the deployment's admin key.",
    )
  if (caller.site !== site) throw unknownSite()
  if (!caller.scopes.has(needs)) {
    throw new HttpProblemError(403, 'scope-missing', `The key lacks the scope ${needs}.`)
  }
}
