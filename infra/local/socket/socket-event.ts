import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { commonLogTime } from '../http/http-event.ts'
import type { Connection } from './connections.ts'

export interface SocketApiNames {
  apiId: string
  stage: string
  domainName: string
}

/** Headers and query of the handshake as `$connect` and its authorizer get them: the client's own spelling, all values twice. */
export interface Handshake {
  headers: Record<string, string>
  multiValueHeaders: Record<string, string[]>
  queryStringParameters?: Record<string, string>
  multiValueQueryStringParameters?: Record<string, string[]>
}

export function handshakeOf(request: IncomingMessage): Handshake {
  const multiValueHeaders: Record<string, string[]> = {}
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index] ?? ''
    multiValueHeaders[name] = [...(multiValueHeaders[name] ?? []), request.rawHeaders[index + 1] ?? '']
  }
  const search = new URL(request.url ?? '/', 'http://local').searchParams
  const multiValueQuery = Object.fromEntries([...search.keys()].map((name) => [name, search.getAll(name)]))
  const handshake: Handshake = { headers: lastOf(multiValueHeaders), multiValueHeaders }
  if (search.size === 0) return handshake
  return {
    ...handshake,
    queryStringParameters: lastOf(multiValueQuery),
    multiValueQueryStringParameters: multiValueQuery,
  }
}

const lastOf = (values: Record<string, string[]>) =>
  Object.fromEntries(Object.entries(values).map(([name, all]) => [name, all.at(-1) ?? '']))

/**
 * The request context of "API Gateway WebSocket API mapping template reference" as Lambda proxy integrations get it; `more` is what only
 * one event type has.
 */
export function socketContext(
  names: SocketApiNames,
  connection: Connection,
  routeKey: string,
  eventType: 'CONNECT' | 'MESSAGE' | 'DISCONNECT',
  more: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> & { requestId: string } {
  const now = new Date()
  const requestId = randomUUID()
  return {
    routeKey,
    ...(connection.authorizer ? { authorizer: connection.authorizer } : {}),
    eventType,
    extendedRequestId: requestId,
    requestTime: commonLogTime(now),
    messageDirection: 'IN',
    stage: names.stage,
    connectedAt: connection.connectedAt,
    requestTimeEpoch: now.getTime(),
    identity: connection.identity,
    requestId,
    domainName: names.domainName,
    connectionId: connection.id,
    apiId: names.apiId,
    ...more,
  }
}

/** The route that a message's body selects, as `$request.body.action` names it; undefined where `$default` takes over. */
export function selectedRoute(expression: string, body: string): string | undefined {
  const path = /^\$\{?request\.body\.([\w.]+)\}?$/.exec(expression)?.[1]
  if (path === undefined) return undefined
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch (error) {
    // What is no JSON selects nothing.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined
    value = new Map<string, unknown>(Object.entries(value)).get(name)
  }
  return typeof value === 'string' ? value : undefined
}
