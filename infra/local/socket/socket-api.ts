import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import * as v from 'valibot'
import { type WebSocket, WebSocketServer } from 'ws'
import type { ApiResource, ApiRoute } from '../api/api-resources.ts'
import { messageOf } from '../errors.ts'
import { errorTypeOf } from '../functions/outcome.ts'
import { messageAnswer } from '../http/http-answer.ts'
import type { Log } from '../log.ts'
import { within } from '../within.ts'
import { type Connection, type Connections, frameBytesMax, messageBytesMax } from './connections.ts'
import { FrameMeter } from './frame-meter.ts'
import { type SocketApiNames, selectedRoute, socketContext } from './socket-event.ts'
import { acceptHandshake, reject } from './socket-handshake.ts'

const Answer = v.looseObject({ body: v.optional(v.nullable(v.string())) })

export interface SocketApi {
  /** Closes all connections and waits, at most `drainMsMax`, until `$disconnect` has run for each. */
  stop(): Promise<void>
}

/** At a stop: the time for clients to answer the closing handshake, and then for `$disconnect` to run. */
const closeMsMax = 500
const drainMsMax = 3000

/** Serves a WebSocket API of API Gateway: `$connect`, `$disconnect`, `$default` and the routes that a message's body selects. */
export function serveSocketApi(
  server: Server,
  api: ApiResource,
  options: { names: SocketApiNames; connections: Connections; region: string; log: Log },
): SocketApi {
  const { names, connections, region, log } = options
  const routes = new Map(api.routes.map((route) => [route.routeKey, route]))
  const protocols = new WeakMap<IncomingMessage, string>()
  const acceptor = new WebSocketServer({
    noServer: true,
    maxPayload: messageBytesMax,
    handleProtocols: (_offered, request) => protocols.get(request) ?? false,
  })
  const ending = new Set<Promise<unknown>>()

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // Until the handshake is answered, no other listener handles the error of a client that disconnects.
    socket.on('error', () => socket.destroy())
    if (
      !/^[+/\dA-Za-z]{22}==$/.test(request.headers['sec-websocket-key'] ?? '') ||
      request.headers['sec-websocket-version'] !== '13'
    ) {
      return reject(socket, messageAnswer(400, 'Bad Request'))
    }
    const accepted = await acceptHandshake(request, { api, routes, names, connections, region })
    if ('status' in accepted) return reject(socket, accepted)
    const { connection, protocol } = accepted
    if (protocol !== undefined) protocols.set(request, protocol)
    if (socket.destroyed) return runDisconnect(connection, 1006, 'Connection closed abnormally')
    const meter = new FrameMeter()
    let tooLong = meter.feed(head) > frameBytesMax
    let webSocket: WebSocket | undefined
    // Listen before the `ws` library does, so that a frame that is too long is detected before its message is delivered.
    socket.on('data', (chunk: Buffer) => {
      if (meter.feed(chunk) <= frameBytesMax || tooLong) return
      tooLong = true
      webSocket?.close(1009, 'Frame too large')
    })
    acceptor.handleUpgrade(request, socket, head, (opened) => {
      webSocket = opened
      connections.open(connection, opened)
      opened.on('error', (error) => log('socket-error', { error: messageOf(error) }))
      opened.on('close', (code, reason) => runDisconnect(connection, code, reason.toString()))
      opened.on('message', (data, isBinary) => {
        if (isBinary) opened.close(1003, 'Binary is not supported')
        else if (!tooLong) track(runMessage(connection, data.toString()))
      })
      if (tooLong) opened.close(1009, 'Frame too large')
    })
  }

  async function runMessage(connection: Connection, body: string): Promise<void> {
    connections.touch(connection)
    const selected = selectedRoute(api.routeSelection, body)
    const route = routes.get(selected ?? '$default') ?? routes.get('$default')
    const context = (key: string) => ({ messageId: connection.id, ...socketContext(names, connection, key, 'MESSAGE') })
    if (!route || selected?.startsWith('$')) return sendError(connection, context('$default').requestId, 'Forbidden')
    const requestContext = context(route.routeKey)
    await invoke(connection, route, requestContext.requestId, { requestContext, body, isBase64Encoded: false })
  }

  async function invoke(connection: Connection, route: ApiRoute, requestId: string, event: unknown): Promise<void> {
    const outcome = await within(route.target.invoke(event), route.timeoutMs)
    if (!outcome) return sendError(connection, requestId, 'Endpoint request timed out')
    if (outcome.functionError) {
      log('socket-function-failed', { route: route.routeKey, requestId, error: errorTypeOf(outcome) })
      return sendError(connection, requestId, 'Internal server error')
    }
    if (!route.answers) return
    const parsed = v.safeParse(Answer, JSON.parse(outcome.payload))
    if (parsed.success && parsed.output.body) connections.post(connection.id, parsed.output.body)
  }

  function sendError(connection: Connection, requestId: string, text: string): void {
    connections.post(connection.id, JSON.stringify({ message: text, connectionId: connection.id, requestId }))
  }

  function runDisconnect(connection: Connection, code: number, reason: string): void {
    connections.remove(connection.id)
    const route = routes.get('$disconnect')
    if (!route) return
    const more = { disconnectStatusCode: code, disconnectReason: reason || reasonOf(code) }
    const requestContext = socketContext(names, connection, '$disconnect', 'DISCONNECT', more)
    const headers = { Host: names.domainName, 'x-api-key': '', 'X-Forwarded-For': '', 'x-restapi': '' }
    const multiValueHeaders = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]))
    track(route.target.invoke({ headers, multiValueHeaders, requestContext, isBase64Encoded: false }))
  }

  function track(work: Promise<unknown>): void {
    const tracked = work.catch((error: unknown) => log('socket-failed', { error: messageOf(error) }))
    ending.add(tracked)
    tracked.finally(() => ending.delete(tracked))
  }

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgrade(request, socket, head).catch((error: unknown) => {
      log('socket-failed', { error: messageOf(error) })
      reject(socket, messageAnswer(500, 'Internal server error'))
    })
  })

  return {
    async stop() {
      const gone = [...acceptor.clients].map((client) => new Promise((resolve) => client.once('close', resolve)))
      for (const client of acceptor.clients) client.close(1001, 'Going away')
      await within(Promise.all(gone), closeMsMax)
      for (const client of acceptor.clients) client.terminate()
      await Promise.all(gone)
      await within(Promise.all(ending), drainMsMax)
    },
  }
}

const reasonOf = (code: number) =>
  code === 1005 ? 'Client-side close frame status not set' : code === 1006 ? 'Connection closed abnormally' : ''
