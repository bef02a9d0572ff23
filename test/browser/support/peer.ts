import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Cdr } from '../../../contracts/cdr.ts'
import type { CallEntity, EndpointEntity, Entity, Removal, Topic } from '../../../contracts/frames.ts'
import { epoch } from './facts.ts'

const key = 'test-key'
const boardToken = 'shb_of-the-wall'
const pageRows = 4

/**
 * A cloud that does as it is told: the HTTP and WebSocket sides of the contracts on one loopback port. It is a test peer,
 * scripted by each test, and knows nothing of how the real functions work.
 */
export class Peer {
  readonly site = 'demo'
  readonly key = key
  readonly boardToken = boardToken
  readonly endpoints = new Map<string, EndpointEntity>()
  readonly calls = new Map<string, CallEntity>()
  cdrs: Cdr[] = []
  lastHeard: string | undefined = new Date().toISOString()
  /** Switched off by a test that wants a socket which is open and dead. */
  answersPings = true
  answersSubscriptions = true
  /** Refuses every request with this problem. */
  refusal: { status: number; errorId: string; detail: string } | undefined
  partsPerSnapshot = 1
  /** What the key may do, told with each ticket. */
  scopes: string[] = []
  /** Answers of what a test scripts, by `POST calls` and the like, in their turn; the last one stays. */
  readonly scripted = new Map<string, { status: number; body: object; headers?: Record<string, string> }[]>()
  /** Of what was scripted: method, path, body and Idempotency-Key, as each came. */
  readonly controlled: { what: string; body: unknown; key: string | undefined }[] = []

  readonly requests: string[] = []
  readonly ticketsUsed: string[] = []
  /** `subscribe` or `resume`, as each was answered. A resume is answered with all there is, which is legal. */
  readonly asked: string[] = []
  pings = 0
  readonly sockets = new Set<WebSocket>()

  readonly #tickets = new Set<string>()
  readonly #http = createServer((request, response) => this.#answer(request, response))
  readonly #ws = new WebSocketServer({ noServer: true })
  #issued = 0
  #k = 0

  async start(): Promise<void> {
    this.#http.on('upgrade', (request, socket, head) => {
      const ticket = new URL(request.url ?? '/', this.apiUrl).searchParams.get('ticket') ?? ''
      if (!this.#tickets.delete(ticket)) {
        socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
        return
      }
      this.ticketsUsed.push(ticket)
      this.#ws.handleUpgrade(request, socket, head, (accepted) => this.#serve(accepted))
    })
    this.#http.listen(0, '127.0.0.1')
    await once(this.#http, 'listening')
  }

  get apiUrl(): string {
    const { port } = this.#http.address() as AddressInfo
    return `http://127.0.0.1:${port}`
  }

  /** Changes the truth and tells every subscriber. */
  push(topic: Topic, entities: readonly Entity[], removed: readonly Removal[] = []): void {
    const truth: Map<string, Entity> = topic === 'endpoints' ? this.endpoints : this.calls
    for (const entity of entities) {
      if ('call' in entity.state && entity.state.state === 'ended') truth.delete(entity.id)
      else truth.set(entity.id, entity)
    }
    for (const { id } of removed) truth.delete(id)
    this.lastHeard = new Date().toISOString()
    this.say({ type: 'delta', topic, epoch, ks: [++this.#k], w: Date.now(), entities, removed })
  }

  /** Says it to every socket as it is. */
  say(frame: unknown): void {
    for (const socket of this.sockets) socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  /** The network is gone: no closing handshake. */
  drop(): void {
    for (const socket of this.sockets) socket.terminate()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.drop()
    this.#ws.close()
    this.#http.closeAllConnections()
    this.#http.close()
    await once(this.#http, 'close')
  }

  #serve(socket: WebSocket): void {
    this.sockets.add(socket)
    socket.on('close', () => this.sockets.delete(socket))
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as { action: string; topics: Topic[] }
      if (frame.action === 'ping') {
        this.pings++
        if (this.answersPings) socket.send(JSON.stringify({ type: 'pong', lastHeard: this.lastHeard }))
      } else if (this.answersSubscriptions) {
        this.asked.push(frame.action)
        for (const topic of frame.topics) this.#snapshot(socket, topic)
      }
    })
  }

  #snapshot(socket: WebSocket, topic: Topic): void {
    const all = [...(topic === 'endpoints' ? this.endpoints : this.calls).values()]
    const size = Math.max(1, Math.ceil(all.length / this.partsPerSnapshot))
    const parts = Math.max(1, Math.ceil(all.length / size))
    for (let part = 1; part <= parts; part++) {
      const entities = all.slice((part - 1) * size, part * size)
      const frame = {
        type: 'snapshot',
        epoch,
        protocol: 1,
        topic,
        part,
        parts,
        lastHeard: this.lastHeard,
        w: Date.now(),
        entities,
      }
      socket.send(JSON.stringify(frame))
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.apiUrl)
    const {
      status,
      body,
      headers = {},
    } = url.pathname === '/v1/boards/tickets' && request.method === 'POST'
      ? { headers: undefined, ...this.#boardTicket(await text(request)) }
      : (this.#script(request, url) ?? this.#route(request, url))
    // As a line that is cut before the answer.
    if (status === 0) return void request.socket.destroy()
    response.writeHead(status, {
      ...headers,
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'authorization, content-type, idempotency-key',
      'access-control-allow-methods': 'GET, POST, PUT, DELETE',
      'access-control-expose-headers': 'retry-after',
      'content-type': status < 400 ? 'application/json' : 'application/problem+json',
    })
    response.end(body && JSON.stringify(body))
  }

  #script(request: IncomingMessage, url: URL) {
    const what = `${request.method} ${url.pathname.replace(`/v1/sites/${this.site}/`, '')}`
    const answers = this.scripted.get(what)
    if (!answers) return undefined
    const key = request.headers['idempotency-key']?.toString()
    const taken: (typeof this.controlled)[number] = { what: what + url.search, body: undefined, key }
    this.controlled.push(taken)
    request.setEncoding('utf8').on('data', (text: string) => {
      taken.body = JSON.parse(text)
    })
    return answers.length > 1 ? answers.shift() : answers[0]
  }

  #route(request: IncomingMessage, url: URL): { status: number; body?: object; headers?: Record<string, string> } {
    if (request.method === 'OPTIONS') return { status: 204 }
    this.requests.push(`${request.method} ${url.pathname}${url.search}`)
    const refusal = this.refusal ?? this.#refusalOf(request.headers.authorization)
    if (refusal) return { status: refusal.status, body: { type: 'about:blank', title: refusal.errorId, ...refusal } }
    switch (`${request.method} ${url.pathname.replace(`/v1/sites/${this.site}/`, '')}`) {
      case 'POST tickets':
        return { status: 201, body: this.#ticket() }
      case 'GET cdrs':
        return { status: 200, body: this.#cdrPage(url.searchParams) }
      case 'GET endpoints': {
        const endpoints = [...this.endpoints.values()].map(({ state }) => ({ ...state, callsNow: 0 }))
        return { status: 200, body: { lastHeard: this.lastHeard, endpoints } }
      }
      default:
        return {
          status: 404,
          body: {
            type: 'about:blank',
            title: 'Not found',
            status: 404,
            detail: 'No such site.',
            errorId: 'unknown-site',
          },
        }
    }
  }

  #boardTicket(asked: string): { status: number; body: object } {
    this.requests.push('POST /v1/boards/tickets')
    const { token } = JSON.parse(asked) as { token?: string }
    if (token === boardToken) return { status: 201, body: { ...this.#ticket(), site: this.site } }
    return { status: 401, body: { errorId: 'key-invalid', status: 401, detail: 'The token is not known.' } }
  }

  #refusalOf(authorization: string | undefined) {
    if (authorization === `Bearer ${key}`) return undefined
    return { status: 401, errorId: 'bad-key', detail: 'The key is not known.' }
  }

  #ticket() {
    const ticket = `ticket-${++this.#issued}`
    this.#tickets.add(ticket)
    const socketUrl = `${this.apiUrl.replace('http', 'ws')}/live`
    return { ticket, expiresAt: new Date(Date.now() + 60_000).toISOString(), socketUrl, scopes: this.scopes }
  }

  #cdrPage(query: URLSearchParams) {
    const from = Number(query.get('cursor') ?? 0)
    const to = from + Math.min(Number(query.get('limit') ?? pageRows), pageRows)
    return { cdrs: this.cdrs.slice(from, to), ...(to < this.cdrs.length && { cursor: String(to) }) }
  }
}

export async function startPeer(): Promise<Peer> {
  const peer = new Peer()
  await peer.start()
  return peer
}
