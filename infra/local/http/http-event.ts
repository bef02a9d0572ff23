import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { requestTarget } from '../request-target.ts'
import { account } from '../template/names.ts'

/** The fields of payload format 2.0 that the function's event and the authorizer's request share. */
export interface HttpRequestParts {
  routeKey: string
  rawPath: string
  rawQueryString: string
  cookies?: string[]
  headers: Record<string, string>
  queryStringParameters?: Record<string, string>
  pathParameters?: Record<string, string>
  requestContext: Record<string, unknown> & {
    http: { method: string; path: string; protocol: string; sourceIp: string; userAgent: string }
    requestId: string
    authorizer?: unknown
  }
}

/**
 * Returns the fields of payload format 2.0 ("Create AWS Lambda proxy integrations for HTTP APIs"): header names in lower case,
 * several values of a header or query parameter joined by commas, cookies separate, empty fields left out.
 */
export function httpRequestParts(
  request: IncomingMessage,
  match: { routeKey: string; pathParameters: Record<string, string> | undefined },
  api: { apiId: string; domainName: string },
  requestId: string,
): HttpRequestParts {
  const target = requestTarget(request.url)
  const now = new Date()
  const headers = headersOf(request)
  const cookies = request.headers.cookie?.split(/;\s*/).filter(Boolean)
  const query = queryOf(new URLSearchParams(target.query))
  const rawPath = decodedPath(target.pathname)
  return {
    routeKey: match.routeKey,
    rawPath,
    rawQueryString: target.query,
    ...(cookies ? { cookies } : {}),
    headers,
    ...(query ? { queryStringParameters: query } : {}),
    ...(match.pathParameters ? { pathParameters: match.pathParameters } : {}),
    requestContext: {
      accountId: account,
      apiId: api.apiId,
      domainName: api.domainName,
      domainPrefix: api.domainName.split(/[.:]/)[0] ?? '',
      http: {
        method: request.method ?? 'GET',
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId,
      routeKey: match.routeKey,
      stage: '$default',
      time: commonLogTime(now),
      timeEpoch: now.getTime(),
    },
  }
}

/** Returns the body of the event: text unchanged, any other content type in base64. */
export function bodyOf(body: Buffer, contentType: string | undefined): { body?: string; isBase64Encoded: boolean } {
  if (body.length === 0) return { isBase64Encoded: false }
  const type = (contentType ?? 'application/json').split(';')[0]?.trim().toLowerCase() ?? ''
  const isText = type.startsWith('text/') || /^application\/((.+\+)?(json|xml)|javascript)$/.test(type)
  return isText
    ? { body: body.toString(), isBase64Encoded: false }
    : { body: body.toString('base64'), isBase64Encoded: true }
}

/** Decodes a path; one with invalid escapes is returned unchanged. */
export function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch (error) {
    if (error instanceof URIError) return path
    throw error
  }
}

/** Headers that the event does not carry: cookies have their own field, the others concern one connection. */
const hopHeaders = new Set(['cookie', 'connection', 'keep-alive', 'transfer-encoding'])

function headersOf(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    if (values && !hopHeaders.has(name)) headers[name] = values.join(',')
  }
  const seconds = Math.floor(Date.now() / 1000).toString(16)
  return {
    ...headers,
    'x-amzn-trace-id': `Root=1-${seconds}-${randomBytes(12).toString('hex')}`,
    'x-forwarded-for': request.socket.remoteAddress ?? '127.0.0.1',
    'x-forwarded-port': String(request.socket.localPort),
    'x-forwarded-proto': 'http',
  }
}

function queryOf(search: URLSearchParams): Record<string, string> | undefined {
  const query: Record<string, string> = {}
  for (const name of search.keys()) query[name] = search.getAll(name).join(',')
  return Object.keys(query).length > 0 ? query : undefined
}

/** Formats a time as access logs of web servers do: `12/Mar/2020:19:03:58 +0000`. */
export function commonLogTime(date: Date): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(date.toUTCString()) ?? []
  return `${day}/${month}/${year}:${time} +0000`
}
