import type { Route } from '../../contracts/operations.ts'
import type { PersonalArea } from '../domain/personal.ts'
import type { Scope } from '../domain/scopes.ts'

/**
 * What each route of the HTTP API asks of its caller. A route of `contracts/operations.ts` without its line here does not
 * compile, and neither does a handler of a route that is not there.
 */
export interface RouteRule {
  /**
   * A scope, that a key of the path's site needs. `admin`: the deployment's own key alone. `anyone`: API Gateway asks for
   * no key, and the use case itself checks what the caller shows: a code, a signature, a board token.
   */
  needs: Scope | 'admin' | 'anyone'
  /** The deployment's admin key opens it as well. */
  orAdmin?: true
  /** Answers may hold personal data of this area: a read by someone who sees it is audited. */
  personal?: PersonalArea
  /** It reads, though it is no GET: without its entry in the audit there is no answer. */
  reads?: true
  /** It names a number that the PBX would dial: whatever is refused is audited, malformed too. */
  dials?: true
}

export const routes = {
  'GET /v1/openapi.json': { needs: 'anyone' },
  'GET /v1/asyncapi.json': { needs: 'anyone' },
  'POST /v1/sites': { needs: 'admin' },
  'GET /v1/sites': { needs: 'admin' },
  'GET /v1/sites/{site}': { needs: 'sites:read', orAdmin: true },
  'PATCH /v1/sites/{site}': { needs: 'sites:write', orAdmin: true },
  'DELETE /v1/sites/{site}': { needs: 'admin' },
  'GET /v1/sites/{site}/receipts/{receipt}': { needs: 'people:erase', orAdmin: true },
  'POST /v1/sites/{site}/erasures': { needs: 'people:erase' },
  'POST /v1/sites/{site}/keys': { needs: 'keys:manage', orAdmin: true },
  'GET /v1/sites/{site}/keys': { needs: 'keys:manage', orAdmin: true },
  'POST /v1/sites/{site}/keys/{key}/rotate': { needs: 'keys:manage', orAdmin: true },
  'DELETE /v1/sites/{site}/keys/{key}': { needs: 'keys:manage', orAdmin: true },
  'DELETE /v1/sites/{site}/keys/{key}/freeze': { needs: 'keys:manage', orAdmin: true },
  'POST /v1/sites/{site}/boards': { needs: 'keys:manage', orAdmin: true },
  'POST /v1/boards/tickets': { needs: 'anyone' },
  'POST /v1/sites/{site}/bridges': { needs: 'bridge:manage', orAdmin: true },
  'GET /v1/sites/{site}/bridges': { needs: 'bridge:manage', orAdmin: true },
  'DELETE /v1/sites/{site}/bridges/{bridge}': { needs: 'bridge:manage', orAdmin: true },
  'POST /v1/bridge/enrolments': { needs: 'anyone' },
  'POST /v1/bridge/credentials': { needs: 'anyone' },
  'GET /v1/sites/{site}/cdrs': { needs: 'cdrs:read', personal: 'cdrs' },
  'GET /v1/sites/{site}/cdrs/export': { needs: 'cdrs:read', personal: 'cdrs' },
  'POST /v1/sites/{site}/cdrs/exports': { needs: 'cdrs:read', personal: 'cdrs' },
  'GET /v1/sites/{site}/cdrs/exports/{export}': { needs: 'cdrs:read', personal: 'cdrs' },
  'POST /v1/sites/{site}/cdrs/verifications': { needs: 'cdrs:write' },
  'GET /v1/sites/{site}/cdrs/verifications/{day}': { needs: 'cdrs:read' },
  'GET /v1/sites/{site}/calls': { needs: 'calls:read', personal: 'calls' },
  'GET /v1/sites/{site}/calls/{id}': { needs: 'calls:read', personal: 'calls' },
  'GET /v1/sites/{site}/calls/{id}/events': { needs: 'calls:read', personal: 'calls' },
  'POST /v1/sites/{site}/cdrs/import': { needs: 'cdrs:write' },
  'POST /v1/sites/{site}/calls': { needs: 'calls:write', dials: true },
  'DELETE /v1/sites/{site}/calls/{id}': { needs: 'calls:write' },
  'GET /v1/sites/{site}/stats': { needs: 'cdrs:read' },
  'GET /v1/sites/{site}/endpoints': { needs: 'presence:read', personal: 'presence' },
  'GET /v1/sites/{site}/endpoints/{id}': { needs: 'presence:read', personal: 'presence' },
  'GET /v1/sites/{site}/extensions/{extension}/forward': { needs: 'presence:read', personal: 'presence' },
  'GET /v1/sites/{site}/extensions/{extension}/dnd': { needs: 'presence:read' },
  'PUT /v1/sites/{site}/extensions/{extension}/forward': { needs: 'forwards:write', dials: true },
  'PUT /v1/sites/{site}/extensions/{extension}/dnd': { needs: 'forwards:write' },
  'DELETE /v1/sites/{site}/extensions/{extension}/forward': { needs: 'forwards:write' },
  'DELETE /v1/sites/{site}/extensions/{extension}/dnd': { needs: 'forwards:write' },
  'GET /v1/sites/{site}/forwards': { needs: 'presence:read', personal: 'presence' },
  'DELETE /v1/sites/{site}/forwards': { needs: 'forwards:write' },
  'GET /v1/sites/{site}/mailboxes': { needs: 'presence:read' },
  'POST /v1/sites/{site}/tickets': { needs: 'presence:read' },
  'GET /v1/sites/{site}/grades': { needs: 'grades:read', personal: 'grades' },
  'POST /v1/sites/{site}/grades': { needs: 'grades:write' },
  'GET /v1/sites/{site}/grades/{matricule}': { needs: 'grades:read', personal: 'grades' },
  'PUT /v1/sites/{site}/grades/{matricule}': { needs: 'grades:write' },
  'DELETE /v1/sites/{site}/grades/{matricule}': { needs: 'grades:write' },
  'GET /v1/sites/{site}/grade-scale': { needs: 'grades:read' },
  'PUT /v1/sites/{site}/grade-scale': { needs: 'grades:write' },
  'POST /v1/sites/{site}/grade-lookups': { needs: 'grades:lookup', reads: true },
  'GET /v1/sites/{site}/audit': { needs: 'audit:read', orAdmin: true },
} as const satisfies Record<Route, RouteRule>
export type Routes = typeof routes

export function ruleOf(route: Route): RouteRule {
  return routes[route]
}

/** Each change is audited, and each read of personal data by someone who sees it. */
export function isAudited(route: Route): boolean {
  return !route.startsWith('GET ') || ruleOf(route).personal !== undefined
}
