import { listenerRoutes } from '../../../contracts/routes/listeners.ts'
import { webhookRoutes } from '../../../contracts/routes/webhooks.ts'
import { answer, type RouteHandlers } from '../request.ts'
import type { createDependencies } from './dependencies.ts'
import { deleteListener, makeListener, readListener } from './listen.ts'

/** All routes of this function. */
export const webhookGroups = { ...webhookRoutes, ...listenerRoutes }
type Handlers = RouteHandlers<keyof typeof listenerRoutes>

/** Returns what serves the routes of listeners. */
export function listenerHandlers(all: ReturnType<typeof createDependencies>) {
  const make: Handlers['POST /v1/sites/{site}/listeners'] = async ({ site, body, caller, now }) =>
    answer(201, await makeListener(site, body, { ...all, caller, now }))
  const read: Handlers['GET /v1/sites/{site}/listeners/{listener}/requests'] = async (request) => {
    const { site, path, query, caller, now } = request
    return answer(200, await readListener(site, path.listener, query, { ...all, caller, now }))
  }
  const end: Handlers['DELETE /v1/sites/{site}/listeners/{listener}'] = async ({ site, path, caller, now }) =>
    answer(204, await deleteListener(site, path.listener, { ...all, caller, now }))
  return { make, read, end }
}
