import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import * as v from 'valibot'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Picture } from './picture.ts'

const Filter = v.looseObject({ disallowed: v.optional(v.array(v.looseObject({ type: v.string() })), []) })

export interface AriServerOptions {
  picture: Picture
  user: string
  password: string
  /** 0 takes a free one. */
  port: number
}

interface Application {
  socket: WebSocket
  disallowed: Set<string>
}

/** The part of ARI that the bridge uses, as Asterisk 22 answers it, on loopback. */
export class AriServer {
  readonly #options: AriServerOptions
  readonly #http = createServer((request, response) => void this.#answer(request, response))
  readonly #sockets = new WebSocketServer({ noServer: true })
  readonly #applications = new Map<string, Application>()

  constructor(options: AriServerOptions) {
    this.#options = options
  }

  async start(): Promise<number> {
    this.#http.on('upgrade', (request, socket, head) => {
      const refusal = this.#refusal(request)
      if (refusal === undefined) {
        this.#sockets.handleUpgrade(request, socket, head, (client) => this.#join(request, client))
      } else socket.end(`HTTP/1.1 ${refusal}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`)
    })
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject)
      this.#http.listen(this.#options.port, '127.0.0.1', resolve)
    })
    const address = this.#http.address()
    return typeof address === 'object' && address ? address.port : this.#options.port
  }

  #refusal(request: IncomingMessage): string | undefined {
    if (!this.#isKnown(request)) return '401 Unauthorized'
    const url = new URL(request.url ?? '/', 'http://ari')
    if (url.pathname !== '/ari/events') return '404 Not Found'
    return url.searchParams.get('app') ? undefined : '400 Bad Request'
  }

  #isKnown({ headers }: IncomingMessage): boolean {
    const { user, password } = this.#options
    return headers.authorization === `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  }

  #join(request: IncomingMessage, socket: WebSocket): void {
    const name = new URL(request.url ?? '/', 'http://ari').searchParams.get('app') ?? ''
    // The older of two clients is told so, and then hears nothing more.
    this.#applications.get(name)?.socket.send(JSON.stringify({ type: 'ApplicationReplaced', application: name }))
    this.#applications.set(name, { socket, disallowed: new Set() })
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
    const { picture } = this.#options
    const path = new URL(request.url ?? '/', 'http://ari').pathname
    const [, ari, noun, name = '', detail] = path.split('/').map(decodeURIComponent)
    const call = `${request.method} ${ari}/${noun}${name === '' ? '' : '/*'}${detail === undefined ? '' : `/${detail}`}`
    switch (call) {
      case 'GET ari/endpoints':
        return [200, picture.endpoints()]
      case 'GET ari/channels':
        return [200, picture.channels()]
      case 'GET ari/bridges':
        return [200, picture.bridges()]
      case 'GET ari/deviceStates/*':
        return [200, picture.deviceState(name)]
      case 'GET ari/channels/*/variable':
        return picture.linkedid(name) === undefined ? notFound('Channel') : [200, { value: picture.linkedid(name) }]
      case 'PUT ari/applications/*/eventFilter':
        return this.#filter(name, await text(request))
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

  /** Sends an event to every application that wants it. */
  send(event: string): void {
    const type = /"type":"(\w+)"/.exec(event)?.[1] ?? ''
    for (const [name, { socket, disallowed }] of this.#applications) {
      if (!disallowed.has(type))
        socket.send(event.replace('"application":"x"', `"application":${JSON.stringify(name)}`))
    }
  }

  /** Ends every connection at once, as a network or a killed Asterisk does. */
  cut(): void {
    for (const client of this.#sockets.clients) client.terminate()
    this.#http.closeAllConnections()
  }

  async stop(): Promise<void> {
    this.cut()
    await new Promise<void>((resolve) => this.#http.close(() => resolve()))
  }
}

function notFound(what: string): [number, unknown] {
  return [404, { message: `${what} not found` }]
}
