import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import * as v from 'valibot'
import { type WebSocket, WebSocketServer } from 'ws'
import type { PbxModel } from './pbx-model.ts'

const Filter = v.looseObject({ disallowed: v.optional(v.array(v.looseObject({ type: v.string() })), []) })

export interface AriServerOptions {
  model: PbxModel
  user: string
  password: string
  /** Port 0 chooses a free one. */
  port: number
}

interface Application {
  socket: WebSocket
  disallowed: Set<string>
}

/** Serves the part of Asterisk 22's ARI that the bridge uses, on loopback. */
export class AriServer {
  readonly #options: AriServerOptions
  readonly #http = createServer((request, response) => {
    this.#answer(request, response).catch(() => response.destroy())
  })
  readonly #sockets = new WebSocketServer({ noServer: true })
  readonly #applications = new Map<string, Application>()

  constructor(options: AriServerOptions) {
    this.#options = options
  }

  async start(): Promise<number> {
    this.#http.on('upgrade', (request, socket, head) => {
      socket.on('error', () => socket.destroy())
      const error = this.#upgradeError(request)
      if (error === undefined) {
        this.#sockets.handleUpgrade(request, socket, head, (client) => this.#addClient(request, client))
      } else socket.end(`HTTP/1.1 ${error}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`)
    })
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject)
      this.#http.listen(this.#options.port, '127.0.0.1', resolve)
    })
    const address = this.#http.address()
    return typeof address === 'object' && address ? address.port : this.#options.port
  }

  /** Returns the status of the answer that rejects a WebSocket handshake, or undefined if it is valid. */
  #upgradeError(request: IncomingMessage): string | undefined {
    if (!this.#isKnown(request)) return '401 Unauthorized'
    const { path, parameters } = targetOf(request)
    if (path !== '/ari/events') return '404 Not Found'
    return parameters.get('app') ? undefined : '400 Bad Request'
  }

  #isKnown({ headers }: IncomingMessage): boolean {
    const { user, password } = this.#options
    return headers.authorization === `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  }

  #addClient(request: IncomingMessage, socket: WebSocket): void {
    const name = targetOf(request).parameters.get('app') ?? ''
    // A second client of an application replaces the first, which gets this event and no further ones.
    this.#applications.get(name)?.socket.send(JSON.stringify({ type: 'ApplicationReplaced', application: name }))
    this.#applications.set(name, { socket, disallowed: new Set() })
    // A frame that is not valid closes the connection; without a listener it would end the process.
    socket.on('error', () => socket.terminate())
    socket.on('close', () => {
      if (this.#applications.get(name)?.socket === socket) this.#applications.delete(name)
    })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [status, body] = this.#isKnown(request)
      ? await this.#route(request)
      : [401, { message: 'Authentication required' }]
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }

  async #route(request: IncomingMessage): Promise<[number, unknown]> {
    const { model } = this.#options
    const { path } = targetOf(request)
    const [, ari, noun, name = '', detail] = path.split('/').map(decodeURIComponent)
    const call = `${request.method} ${ari}/${noun}${name === '' ? '' : '/*'}${detail === undefined ? '' : `/${detail}`}`
    switch (call) {
      case 'GET ari/endpoints':
        return [200, model.endpoints()]
      case 'GET ari/channels':
        return [200, model.channels()]
      case 'GET ari/bridges':
        return [200, model.bridges()]
      case 'GET ari/deviceStates/*':
        return [200, model.deviceState(name)]
      case 'GET ari/channels/*/variable':
        return model.linkedid(name) === undefined ? notFound('Channel') : [200, { value: model.linkedid(name) }]
      case 'PUT ari/applications/*/eventFilter':
        return this.#filter(name, await text(request))
      case 'GET ari/applications/*':
        return this.#applications.has(name) ? [200, { name }] : notFound('Application')
      default:
        return notFound('Resource')
    }
  }

  #filter(name: string, body: string): [number, unknown] {
    const application = this.#applications.get(name)
    if (!application) return notFound('Application')
    application.disallowed = new Set(v.parse(Filter, JSON.parse(body)).disallowed.map(({ type }) => type))
    return [200, { name }]
  }

  /** Sends an event to every application that does not filter its type. */
  send(event: string): void {
    const type = /"type":"(\w+)"/.exec(event)?.[1] ?? ''
    for (const [name, { socket, disallowed }] of this.#applications) {
      if (!disallowed.has(type))
        socket.send(event.replace('"application":"x"', `"application":${JSON.stringify(name)}`))
    }
  }

  /** Closes every connection at once, like a network failure or a killed Asterisk. */
  cut(): void {
    for (const client of this.#sockets.clients) client.terminate()
    this.#http.closeAllConnections()
  }

  async stop(): Promise<void> {
    this.cut()
    await new Promise<void>((resolve) => this.#http.close(() => resolve()))
  }
}

/** Splits a request target at its question mark. `new URL` throws for some, for example `//`. */
function targetOf({ url = '/' }: IncomingMessage): { path: string; parameters: URLSearchParams } {
  const [path = '/', query = ''] = url.split('?')
  return { path, parameters: new URLSearchParams(query) }
}

function notFound(what: string): [number, unknown] {
  return [404, { message: `${what} not found` }]
}
