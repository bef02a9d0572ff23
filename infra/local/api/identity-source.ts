import type { HttpRequestParts } from '../http/http-event.ts'

/**
 * The value that an identity source names, undefined if the request has none. HTTP APIs write `$request.header.name`, WebSocket APIs
 * `route.request.header.name`.
 */
export function identityOf(
  source: string,
  request: Pick<HttpRequestParts, 'headers' | 'queryStringParameters'> & { requestContext?: unknown },
): string | undefined {
  const [, kind, name = ''] = /^(?:\$|route\.)request\.(header|querystring)\.(.+)$/.exec(source) ?? []
  if (kind === 'header') return request.headers[name.toLowerCase()] || undefined
  if (kind === 'querystring') return request.queryStringParameters?.[name] || undefined
  const [, context] = /^\$?context\.(.+)$/.exec(source) ?? []
  const values = request.requestContext
  if (context === undefined || typeof values !== 'object' || values === null) return undefined
  const value: unknown = Object.entries(values).find(([key]) => key === context)?.[1]
  return typeof value === 'string' ? value : undefined
}
