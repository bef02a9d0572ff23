import type { RouteDefinition } from '../../contracts/routes/route.ts'
import { definitionOf, routeNames } from '../../contracts/routes.ts'

interface HttpApiEvent {
  httpApi: { method: string; path: string; authorizer?: { name: string } }
}

/** Returns the HTTP events of each Lambda function, as serverless.yml takes them, made from the route registry. */
export function httpEvents(
  routes: readonly (readonly [string, RouteDefinition])[] = routeNames.map((name) => [name, definitionOf(name)]),
): Record<string, HttpApiEvent[]> {
  const events: Record<string, HttpApiEvent[]> = {}
  for (const [name, { function: functionName, needs }] of routes) {
    const [method = '', path = ''] = name.split(' ')
    const authorizer = needs === 'anyone' ? {} : { authorizer: { name: 'apiKey' } }
    const own = events[functionName] ?? []
    own.push({ httpApi: { method, path, ...authorizer } })
    events[functionName] = own
  }
  return events
}
