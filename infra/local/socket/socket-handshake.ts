import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import * as v from 'valibot'
import type { ApiResource, ApiRoute } from '../api/api-resources.ts'
import { identityOf } from '../api/identity-source.ts'
import { type HttpAnswer, messageAnswer } from '../http/http-answer.ts'
import { requestTarget } from '../request-target.ts'
import { account } from '../template/names.ts'
import { within } from '../within.ts'
import type { Connection, Connections } from './connections.ts'
import { type Handshake, handshakeOf, type SocketApiNames, socketContext } from './socket-event.ts'

interface AcceptedHandshake {
  connection: Connection
  /** The subprotocol that `$connect` returned. */
  protocol: string | undefined
}

const ConnectAnswer = v.looseObject({
  statusCode: v.pipe(v.union([v.number(), v.string()]), v.transform(Number)),
  headers: v.optional(v.nullable(v.record(v.string(), v.unknown()))),
  body: v.optional(v.nullable(v.string())),
})

/** Runs the authorizer, then `$connect`. Returns the accepted connection, or the answer that rejects the handshake. */
export async function acceptHandshake(
  request: IncomingMessage,
  options: {
    api: ApiResource
    routes: ReadonlyMap<string, ApiRoute>
    names: SocketApiNames
    connections: Connections
    region: string
  },
): Promise<AcceptedHandshake | HttpAnswer> {
  const { api, routes, names, connections, region } = options
  const path = requestTarget(request.url).pathname.replace(/\/$/, '')
  if (path !== `/${api.stage}`) return messageAnswer(403, 'Forbidden')
  const handshake = handshakeOf(request)
  const userAgent = request.headers['user-agent'] ?? ''
  const identity = { sourceIp: request.socket.remoteAddress ?? '127.0.0.1', userAgent }
  const route = routes.get('$connect')
  const routeArn = `arn:aws:execute-api:${region}:${account}:${api.apiId}/${api.stage}/$connect`
  const unauthorized = connections.create(identity, undefined)
  const authorized = await authorize(
    route,
    handshake,
    routeArn,
    socketContext(names, unauthorized, '$connect', 'CONNECT'),
  )
  if ('status' in authorized) return authorized
  const connection = { ...unauthorized, authorizer: authorized.context }
  if (!route) return { connection, protocol: undefined }
  const requestContext = socketContext(names, connection, '$connect', 'CONNECT')
  const outcome = await within(
    route.target.invoke({ ...handshake, requestContext, isBase64Encoded: false }),
    route.timeoutMs,
  )
  if (!outcome) return messageAnswer(504, 'Endpoint request timed out')
  const answer = outcome.functionError ? undefined : v.safeParse(ConnectAnswer, JSON.parse(outcome.payload))
  if (!answer?.success) return messageAnswer(502, 'Internal server error')
  const { statusCode, headers, body } = answer.output
  if (statusCode < 200 || statusCode > 299) {
    return { status: statusCode, headers: { 'content-type': 'application/json' }, body: Buffer.from(body ?? '') }
  }
  const chosen = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === 'sec-websocket-protocol')
  return { connection, protocol: chosen ? String(chosen[1]) : undefined }
}

async function authorize(
  route: ApiRoute | undefined,
  handshake: Handshake,
  methodArn: string,
  requestContext: Record<string, unknown>,
): Promise<{ context: Record<string, unknown> | undefined } | HttpAnswer> {
  if (!route?.authorizer) return { context: undefined }
  // Identity sources name headers without regard to case.
  const headers = Object.fromEntries(
    Object.entries(handshake.headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
  const identity = route.authorizer.identitySources.map((source) =>
    identityOf(source, { ...handshake, headers, requestContext }),
  )
  const known = identity.filter((value) => value !== undefined)
  if (known.length < identity.length) return messageAnswer(401, 'Unauthorized')
  const decision = await route.authorizer.authorize(known, methodArn, {
    type: 'REQUEST',
    methodArn,
    ...handshake,
    requestContext,
  })
  if (decision.outcome === 'failed') return messageAnswer(500, 'Internal server error')
  if (decision.outcome === 'forbidden') return messageAnswer(403, 'User is not authorized to access this resource')
  // A WebSocket API passes every value of the context as text; an HTTP API keeps the types.
  return { context: Object.fromEntries(Object.entries(decision.context).map(([name, value]) => [name, String(value)])) }
}

/** Answers a handshake with an HTTP error and closes the socket. */
export function reject(socket: Duplex, { status, headers, body }: HttpAnswer): void {
  if (socket.destroyed) return
  const lines = Object.entries({ ...headers, 'content-length': body.length, connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}`,
  )
  socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 ${status} \r\n${lines.join('\r\n')}\r\n\r\n`), body]))
}
