import type { RouteDefinition } from '../../contracts/routes/route.ts'
import { definitionOf, routeNames } from '../../contracts/routes.ts'

interface HttpApiEvent {
  /** `*` is API Gateway's route `$default`, which gets what fits no other route. */
  httpApi: '*' | { method: string; path: string; authorizer?: { name: string } }
}

/** Answers requests that fit no route with a problem document. */
const unroutedFunction = 'documents'

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
  events[unroutedFunction]?.push({ httpApi: '*' })
  return events
}
