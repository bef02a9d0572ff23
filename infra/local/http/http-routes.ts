/** The route of a request; `routeKey` is `GET /sites/{site}`, `ANY /any/{proxy+}` or `$default`. */
export interface RouteMatch<T> {
  routeKey: string
  target: T
  pathParameters: Record<string, string> | undefined
}

interface Route<T> {
  routeKey: string
  method: string
  segments: string[]
  target: T
}

/**
 * Returns the function that chooses a route as API Gateway does ("Create routes for HTTP APIs"): a full match first, then path
 * variables, then a greedy `{proxy+}`, then `$default`; of two equal paths, the one that names the method. It returns undefined
 * for a request that API Gateway answers with 404.
 */
export function createRoutes<T>(entries: ReadonlyArray<readonly [routeKey: string, target: T]>) {
  const routes: Route<T>[] = []
  let fallback: RouteMatch<T> | undefined
  for (const [routeKey, target] of entries) {
    const [method = '', path = ''] = routeKey.split(' ')
    if (routeKey === '$default') fallback = { routeKey, target, pathParameters: undefined }
    else routes.push({ routeKey, method, segments: segmentsOf(path), target })
  }
  routes.sort(bySpecificity)

  /** `path` is decoded and starts with a slash. */
  return (method: string, path: string): RouteMatch<T> | undefined => {
    const segments = segmentsOf(path)
    for (const route of routes) {
      if (route.method !== method && route.method !== 'ANY') continue
      const parameters = parametersOf(route.segments, segments)
      if (!parameters) continue
      const pathParameters = Object.keys(parameters).length > 0 ? parameters : undefined
      return { routeKey: route.routeKey, target: route.target, pathParameters }
    }
    return fallback
  }
}

/** Splits a path; `/a` and `/a/` differ, as on AWS. */
const segmentsOf = (path: string) => path.slice(1).split('/')
const isGreedy = (segment: string) => /^\{[^}]+\+\}$/.test(segment)
const isVariable = (segment: string) => /^\{[^}]+\}$/.test(segment)
const rank = (segment: string | undefined) =>
  segment === undefined ? 3 : isGreedy(segment) ? 2 : isVariable(segment) ? 1 : 0

function bySpecificity(left: Route<unknown>, right: Route<unknown>): number {
  for (let index = 0; index < Math.max(left.segments.length, right.segments.length); index++) {
    const difference = rank(left.segments[index]) - rank(right.segments[index])
    if (difference !== 0) return difference
  }
  return Number(left.method === 'ANY') - Number(right.method === 'ANY')
}

function parametersOf(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  const found: Record<string, string> = {}
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index]
    if (segment === undefined || (segment === '' && isVariable(part))) return undefined
    if (isGreedy(part)) return { ...found, [part.slice(1, -2)]: segments.slice(index).join('/') }
    if (isVariable(part)) found[part.slice(1, -1)] = segment
    else if (part !== segment) return undefined
  }
  return pattern.length === segments.length ? found : undefined
}
