import { auditRoutes } from './routes/audit.ts'
import { bridgeRoutes } from './routes/bridges.ts'
import { callRoutes } from './routes/calls.ts'
import { cdrRoutes } from './routes/cdrs.ts'
import { documentRoutes } from './routes/documents.ts'
import { endpointRoutes } from './routes/endpoints.ts'
import { exportRoutes } from './routes/exports.ts'
import { extensionRoutes } from './routes/extensions.ts'
import { gradeRoutes } from './routes/grades.ts'
import { importRoutes } from './routes/imports.ts'
import { keyRoutes } from './routes/keys.ts'
import { listenerRoutes } from './routes/listeners.ts'
import { placedCallRoutes } from './routes/placed-calls.ts'
import { queueRoutes } from './routes/queues.ts'
import type { RouteDefinition, RouteGroup } from './routes/route.ts'
import { siteRoutes } from './routes/sites.ts'
import { statsRoutes } from './routes/stats.ts'
import { ticketRoutes } from './routes/tickets.ts'
import { verificationRoutes } from './routes/verifications.ts'
import { webhookRoutes } from './routes/webhooks.ts'

/** The HTTP API: every route, declared once, in groups of one file each. */
export const routeGroups = {
  documents: documentRoutes,
  sites: siteRoutes,
  keys: keyRoutes,
  tickets: ticketRoutes,
  bridges: bridgeRoutes,
  cdrs: cdrRoutes,
  exports: exportRoutes,
  calls: callRoutes,
  placedCalls: placedCallRoutes,
  stats: statsRoutes,
  verifications: verificationRoutes,
  imports: importRoutes,
  endpoints: endpointRoutes,
  queues: queueRoutes,
  extensions: extensionRoutes,
  grades: gradeRoutes,
  webhooks: webhookRoutes,
  listeners: listenerRoutes,
  audit: auditRoutes,
} as const satisfies Record<string, RouteGroup>

export const routes = {
  ...documentRoutes,
  ...siteRoutes,
  ...keyRoutes,
  ...ticketRoutes,
  ...bridgeRoutes,
  ...cdrRoutes,
  ...exportRoutes,
  ...callRoutes,
  ...placedCallRoutes,
  ...statsRoutes,
  ...verificationRoutes,
  ...importRoutes,
  ...endpointRoutes,
  ...queueRoutes,
  ...extensionRoutes,
  ...gradeRoutes,
  ...webhookRoutes,
  ...listenerRoutes,
  ...auditRoutes,
} as const satisfies RouteGroup

export type Routes = typeof routes
export type Route = keyof Routes

export const routeNames: readonly Route[] = Object.keys(routes).filter(isRoute)

export function isRoute(text: string): text is Route {
  return Object.hasOwn(routes, text)
}

export function definitionOf(route: Route): RouteDefinition {
  return routes[route]
}
