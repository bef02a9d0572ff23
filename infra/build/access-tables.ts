import { type Operation, operations, type Route } from '../../contracts/operations.ts'
import { personalAreas } from '../../functions/domain/personal.ts'
import { allScopes, type Role, roles, type Scope, scopes } from '../../functions/domain/scopes.ts'
import { isAudited, type RouteRule, routes } from '../../functions/http/routes.ts'

/** The tables of docs/access.md, made of the same objects that the functions check by. */
export function accessTables(): string {
  return [scopeTable(), routeTable()].join('\n\n')
}

/** The table of docs/api.md: every route with its contract's sentence. */
export function apiTable(): string {
  const rows = Object.entries<Operation>(operations).map(([route, { summary }]) => [
    `\`${route}\``,
    summary,
    isKnown(route) ? needs(routes[route]) : '',
  ])
  return table(['route', 'what it does', 'needs'], rows)
}

const names: readonly Role[] = ['viewer', 'operator', 'admin']

function scopeTable(): string {
  const holds = (role: Role, scope: Scope) => (roles[role].some((one) => one === scope) ? 'yes' : '')
  const rows = allScopes.map((scope) => [`\`${scope}\``, scopes[scope], ...names.map((role) => holds(role, scope))])
  return table(['scope', 'lets a key', ...names], rows)
}

function routeTable(): string {
  const rows = Object.entries<RouteRule>(routes).map(([route, rule]) => [
    `\`${route}\``,
    needs(rule),
    rule.personal ? `\`${personalAreas[rule.personal]}\`` : '',
    isKnown(route) && isAudited(route) ? (route.startsWith('GET') ? 'if numbers are shown' : 'yes') : '',
  ])
  return table(['route', 'needs', 'shows numbers with', 'audited'], rows)
}

function needs({ needs, orAdmin }: RouteRule): string {
  if (needs === 'admin') return 'admin key'
  if (needs === 'anyone') return 'no key: a code, a signature or a board token'
  return `\`${needs}\`${orAdmin ? ' or admin key' : ''}`
}

function isKnown(route: string): route is Route {
  return Object.hasOwn(operations, route)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
