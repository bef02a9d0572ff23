import type { HttpRequestParts } from '../http/http-event.ts'

/**
 * Returns the value of an identity source in a request, or undefined if the request lacks it. HTTP APIs write
 * `$request.header.name`, WebSocket APIs `route.request.header.name`.
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
