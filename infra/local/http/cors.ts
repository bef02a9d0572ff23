import type { IncomingMessage } from 'node:http'
import * as v from 'valibot'

export const CorsConfiguration = v.looseObject({
  AllowCredentials: v.optional(v.boolean(), false),
  AllowHeaders: v.optional(v.array(v.string()), []),
  AllowMethods: v.optional(v.array(v.string()), []),
  AllowOrigins: v.optional(v.array(v.string()), []),
  ExposeHeaders: v.optional(v.array(v.string()), []),
  MaxAge: v.optional(v.number()),
})
export type CorsConfiguration = v.InferOutput<typeof CorsConfiguration>

/** Whether a request is a CORS preflight, which API Gateway answers without a route or an authorizer ("Configuring CORS for an HTTP API"). */
export function isPreflight(request: IncomingMessage): boolean {
  return (
    request.method === 'OPTIONS' &&
    request.headers.origin !== undefined &&
    request.headers['access-control-request-method'] !== undefined
  )
}

/** Returns the CORS headers of an answer to this request: no header if its origin is not a configured one. */
export function corsHeaders(cors: CorsConfiguration, request: IncomingMessage): Record<string, string> {
  const { origin } = request.headers
  if (origin === undefined || !cors.AllowOrigins.some((allowed) => originMatches(allowed, origin))) return {}
  const headers: Record<string, string> = {
    'access-control-allow-origin': cors.AllowOrigins.includes('*') ? '*' : origin,
  }
  if (cors.AllowCredentials) headers['access-control-allow-credentials'] = 'true'
  if (cors.ExposeHeaders.length > 0) headers['access-control-expose-headers'] = cors.ExposeHeaders.join(',')
  if (!isPreflight(request)) return headers
  if (cors.AllowMethods.length > 0) headers['access-control-allow-methods'] = cors.AllowMethods.join(',')
  if (cors.AllowHeaders.length > 0) headers['access-control-allow-headers'] = cors.AllowHeaders.join(',')
  if (cors.MaxAge !== undefined) headers['access-control-max-age'] = String(cors.MaxAge)
  return headers
}

/** `allowed` is `*`, an origin, or every host of a scheme: `https://*`. */
function originMatches(allowed: string, origin: string): boolean {
  if (allowed === '*' || allowed === origin) return true
  return allowed.endsWith('://*') && origin.startsWith(allowed.slice(0, -1))
}
