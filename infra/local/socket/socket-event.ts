import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { commonLogTime } from '../http/http-event.ts'
import { requestTarget } from '../request-target.ts'
import type { Connection } from './connections.ts'

export interface SocketApiNames {
  apiId: string
  stage: string
  domainName: string
}

/** Headers and query of the handshake in the events of `$connect` and its authorizer: in the client's spelling, in both forms. */
export interface Handshake {
  headers: Record<string, string>
  multiValueHeaders: Record<string, string[]>
  queryStringParameters?: Record<string, string>
  multiValueQueryStringParameters?: Record<string, string[]>
}

/** Reads headers and query of a handshake. */
export function handshakeOf(request: IncomingMessage): Handshake {
  const multiValueHeaders: Record<string, string[]> = {}
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index] ?? ''
    multiValueHeaders[name] = [...(multiValueHeaders[name] ?? []), request.rawHeaders[index + 1] ?? '']
  }
  const search = new URLSearchParams(requestTarget(request.url).query)
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
 * Returns the request context of a WebSocket event ("API Gateway WebSocket API mapping template reference"). `more` holds the fields
 * that only one event type has.
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

/** Returns the route that a message's body selects by an expression like `$request.body.action`, or undefined for `$default`. */
export function selectedRoute(expression: string, body: string): string | undefined {
  const path = /^\$\{?request\.body\.([\w.]+)\}?$/.exec(expression)?.[1]
  if (path === undefined) return undefined
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch (error) {
    // A body that is not JSON selects no route.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined
    value = new Map<string, unknown>(Object.entries(value)).get(name)
  }
  return typeof value === 'string' ? value : undefined
}
