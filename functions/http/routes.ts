import type { Scope } from '../domain/scopes.ts'

/**
 * What each route asks of its caller. A handler names its route here, so one without a scope does not compile.
 * `admin` is the deployment's own key; the other scopes are those of a site's keys.
 */
export const routes = {
  'POST /v1/sites': 'admin',
  'GET /v1/sites/{site}/cdrs': 'cdrs:read',
  'GET /v1/sites/{site}/endpoints': 'presence:read',
  'POST /v1/sites/{site}/tickets': 'presence:read',
} as const satisfies Record<string, Scope | 'admin'>
export type Route = keyof typeof routes
