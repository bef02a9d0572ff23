import { isAudited, type RouteDefinition } from '../../contracts/routes/route.ts'
import { errorsOf, unroutedErrors } from '../../contracts/routes/route-errors.ts'
import { definitionOf, routeNames } from '../../contracts/routes.ts'
import { allScopes, personalAreas, type Role, roles, type Scope, scopes } from '../../contracts/scopes.ts'

/** Renders the tables of docs/access.md from the objects with which the functions check access. */
export function accessTables(): string {
  return [scopeTable(), routeTable()].join('\n\n')
}

/** Renders the table of docs/api.md: every route with the summary of its contract. */
export function apiTable(): string {
  const rows = routeNames.map((route) => [`\`${route}\``, definitionOf(route).summary, needs(definitionOf(route))])
  return table(['route', 'what it does', 'needs'], rows)
}

/** Renders the table of the errors of docs/api.md: each errorId with its statuses and when the API answers it. */
export function errorTable(): string {
  const ofRoutes = routeNames.flatMap((route) => Object.entries(errorsOf(route, definitionOf(route))))
  const errors = [...ofRoutes, ...Object.entries(unroutedErrors)]
  const rows = [...Map.groupBy(errors, ([errorId]) => errorId)].map(([errorId, places]) => {
    const statuses = new Set(places.map(([, { status }]) => String(status)))
    const sentences = new Set(places.map(([, { when }]) => when))
    return [`\`${errorId}\``, [...statuses].join(', '), [...sentences].join(' Or: ')]
  })
  rows.sort(([a = ''], [b = '']) => (a < b ? -1 : 1))
  return table(['errorId', 'status', 'when'], rows)
}

const names: readonly Role[] = ['viewer', 'operator', 'admin']

function scopeTable(): string {
  const holds = (role: Role, scope: Scope) => (roles[role].some((one) => one === scope) ? 'yes' : '')
  const rows = allScopes.map((scope) => [`\`${scope}\``, scopes[scope], ...names.map((role) => holds(role, scope))])
  return table(['scope', 'lets a key', ...names], rows)
}

function routeTable(): string {
  const rows = routeNames.map((route) => {
    const definition = definitionOf(route)
    return [
      `\`${route}\``,
      needs(definition),
      definition.personal ? `\`${personalAreas[definition.personal]}\`` : '',
      isAudited(route, definition) ? (route.startsWith('GET') ? 'if numbers are shown' : 'yes') : '',
    ]
  })
  return table(['route', 'needs', 'shows numbers with', 'audited'], rows)
}

function needs({ needs, orAdmin, body }: RouteDefinition): string {
  if (needs === 'admin') return 'admin key'
  if (needs === 'anyone') return body ? 'public: authenticated by a code, signature or token in the body' : 'public'
  return `\`${needs}\`${orAdmin ? ' or admin key' : ''}`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
