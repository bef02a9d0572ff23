import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Call } from '../../../contracts/calls.ts'
import type { CallEntity, EndpointEntity, Entity, QueueEntity, Removal, Topic } from '../../../contracts/frames.ts'
import { epoch } from './facts.ts'

const key = 'test-key'
const boardToken = 'shb_of-the-wall'

/**
 * A scripted cloud: it speaks the HTTP and WebSocket contracts on one loopback port and answers as the test says. It shares
 * no code with the real functions.
 */
export class Peer {
  readonly site = 'demo'
  readonly key = key
  readonly boardToken = boardToken
  readonly endpoints = new Map<string, EndpointEntity>()
  readonly calls = new Map<string, CallEntity>()
  readonly queues = new Map<string, QueueEntity>()
  /** Ended calls, newest first. */
  ended: Call[] = []
  lastHeard: string | undefined = new Date().toISOString()
  /** If false, the sockets stay open but pings get no answer. */
  answersPings = true
  answersSubscriptions = true
  /** If set, every request is refused with this problem; with `only`, those whose method and path it names, such as `POST tickets`. */
  refusal: { status: number; errorId: string; detail: string; only?: string } | undefined
  partsPerSnapshot = 1
  /** Calls on a page of the log. */
  pageRows = 4
  /** Scopes of the key, sent with each ticket: by default those that only read. */
  scopes: string[] = ['presence:read', 'presence:personal', 'calls:read', 'cdrs:read', 'cdrs:personal']
  /** Answers by method and path, such as `POST calls`. They are given in order; the last one is repeated. */
  readonly scripted = new Map<string, { status: number; body: object; headers?: Record<string, string> }[]>()
  /** Requests to scripted paths in the order of arrival: method and path, body and Idempotency-Key. */
  readonly controlled: { what: string; body: unknown; key: string | undefined }[] = []

  readonly requests: string[] = []
  readonly ticketsUsed: string[] = []
  /** `subscribe` or `resume` for each request that was answered. A resume gets a whole snapshot, which the protocol allows. */
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

  /** Changes entities and pushes the change to every subscriber. */
  push(topic: Topic, entities: readonly Entity[], removed: readonly Removal[] = []): void {
    const truth: Map<string, Entity> = this.#truthOf(topic)
    for (const entity of entities) {
      const isOver = 'part' in entity.state ? entity.state.part === 'gone' : entity.state['state'] === 'ended'
      if (isOver) truth.delete(entity.id)
      else truth.set(entity.id, entity)
    }
    for (const { id } of removed) truth.delete(id)
    this.lastHeard = new Date().toISOString()
    this.say({ type: 'delta', topic, epoch, ks: [++this.#k], w: Date.now(), entities, removed })
  }

  /** Sends a frame to every socket, unchecked. */
  say(frame: unknown): void {
    for (const socket of this.sockets) socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  /** Cuts every socket without a closing handshake, as a failing network does. */
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

  #truthOf(topic: Topic): Map<string, EndpointEntity> | Map<string, CallEntity> | Map<string, QueueEntity> {
    if (topic === 'endpoints') return this.endpoints
    return topic === 'queues' ? this.queues : this.calls
  }

  #snapshot(socket: WebSocket, topic: Topic): void {
    const all = [...this.#truthOf(topic).values()]
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
    // The connection is cut before the answer.
    if (status === 0) return void request.socket.destroy()
    response.writeHead(status, {
      ...headers,
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'authorization, content-type, idempotency-key, if-match',
      'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
      'access-control-expose-headers': 'retry-after, etag',
      'content-type': status < 400 ? 'application/json' : 'application/problem+json',
    })
    response.end(body && JSON.stringify(body))
  }

  #script(request: IncomingMessage, url: URL) {
    const what = `${request.method} ${url.pathname.replace(new RegExp(`^/v1/sites/${this.site}/?`), '')}`
    const by = url.searchParams.get('by')
    const answers = this.scripted.get(`${what}?by=${by}`) ?? this.scripted.get(what)
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
    const asked = `${request.method} ${url.pathname.replace(`/v1/sites/${this.site}/`, '')}`
    const refusal = this.#refusalOf(asked, request.headers.authorization)
    if (refusal) return { status: refusal.status, body: { type: 'about:blank', title: refusal.errorId, ...refusal } }
    switch (asked) {
      case 'POST tickets':
        return { status: 201, body: this.#ticket() }
      case 'GET calls':
        return { status: 200, body: this.#callPage(url.searchParams) }
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

  #refusalOf(asked: string, authorization: string | undefined) {
    if (this.refusal && (this.refusal.only ?? asked) === asked) return this.refusal
    if (authorization === `Bearer ${key}`) return undefined
    return { status: 401, errorId: 'bad-key', detail: 'The key is not known.' }
  }

  #ticket() {
    const ticket = `ticket-${++this.#issued}`
    this.#tickets.add(ticket)
    const socketUrl = `${this.apiUrl.replace('http', 'ws')}/live`
    return { ticket, expiresAt: new Date(Date.now() + 60_000).toISOString(), socketUrl, scopes: this.scopes }
  }

  #callPage(query: URLSearchParams) {
    const from = Number(query.get('cursor') ?? 0)
    const to = from + Math.min(Number(query.get('limit') ?? this.pageRows), this.pageRows)
    return { calls: this.ended.slice(from, to), ...(to < this.ended.length && { cursor: String(to) }) }
  }
}

export async function startPeer(): Promise<Peer> {
  const peer = new Peer()
  await peer.start()
  return peer
}
