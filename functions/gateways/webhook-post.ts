import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { SwitchhookError } from '../../contracts/errors.ts'
import { TargetRefusedError } from '../domain/webhooks/target-url.ts'
import { guardedAgents, ReceiverSockets, type SocketOptions } from './webhook-socket.ts'

export interface WebhookRequest {
  /** Id of the webhook: its connections are used for no other one. */
  webhook: string
  url: URL
  headers: Readonly<Record<string, string>>
  body: string
  /** `OPTIONS` asks the receiver whether it wants events. */
  method?: 'POST' | 'OPTIONS'
}
/** What a receiver answered, or why it did not. */
export interface WebhookAnswer {
  status?: number
  error?: string
  retryAfter?: string | undefined
  /** Its headers `WebHook-Allowed-Origin` and `WebHook-Allowed-Rate`. */
  allowed?: { origin: string | undefined; rate: string | undefined }
  /** The first 4 KB of the body. */
  answer?: string
  ms: number
}

/** One time limit over everything: a receiver that drips bytes or interim answers outlasts every time-out between two bytes. */
const tryMsMax = 15_000
/** Once there is a status it counts, so its body is waited for shortly: it is only for the log. */
const bodyMsMax = 2_000
const answerBytesMax = 4_096
/** Connections are kept for this long, since the name of the receiver may move. */
const agentMsMax = 60_000
/** Receivers with kept connections. When there are more, the oldest are closed. */
const agentsMax = 200

type Agents = ReturnType<typeof guardedAgents>

/** What writing to a connection that the other side has closed gives. */
const closedCodes = new Set(['ECONNRESET', 'EPIPE'])

/** A kept connection turned out to be closed before there was an answer. */
class StaleConnectionError extends SwitchhookError {
  readonly errorId = 'connection-stale'
  constructor(cause: Error) {
    super('the receiver has closed the kept connection', { cause })
  }
  override shouldRetry(): boolean {
    return true
  }
}

/** Posts events to receivers. It follows no redirect. */
export class WebhookPoster {
  readonly #sockets: ReceiverSockets
  readonly #now: () => number
  readonly #agents = new Map<string, { agents: Agents; since: number }>()
  readonly #tryMsMax: number
  constructor(options: SocketOptions & { now?: () => number; tryMsMax?: number }) {
    this.#sockets = new ReceiverSockets(options)
    this.#now = options.now ?? Date.now
    this.#tryMsMax = options.tryMsMax ?? tryMsMax
  }

  /** Never rejects: a failure is an answer without a status. */
  async post(request: WebhookRequest): Promise<WebhookAnswer> {
    const started = this.#now()
    const signal = AbortSignal.timeout(this.#tryMsMax)
    try {
      const response = await this.#sendAfresh(request, signal)
      const answer = await firstBytes(response, bodyMsMax)
      const retryAfter = response.headers['retry-after']
      const allowed = {
        origin: textOf(response.headers['webhook-allowed-origin']),
        rate: textOf(response.headers['webhook-allowed-rate']),
      }
      return { status: response.statusCode ?? 0, retryAfter, allowed, answer, ms: this.#now() - started }
    } catch (error) {
      const reason = signal.aborted ? `no answer in ${this.#tryMsMax / 1000} s` : reasonOf(error)
      return { error: reason, ms: this.#now() - started }
    }
  }

  /**
   * A receiver closes a kept connection after some seconds, which a process that was frozen meanwhile learns only by writing to it. That
   * is no failure of the receiver, so the request is sent again over a new connection; its id tells a receiver that got it before.
   */
  async #sendAfresh(request: WebhookRequest, signal: AbortSignal): Promise<IncomingMessage> {
    try {
      return await this.#send(request, signal)
    } catch (error) {
      if (!(error instanceof StaleConnectionError)) throw error
      this.#close(nameOf(request))
      try {
        return await this.#send(request, signal)
      } catch (again) {
        throw again instanceof StaleConnectionError ? again.cause : again
      }
    }
  }

  #send({ url, headers, body, method = 'POST', ...of }: WebhookRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const bytes = Buffer.from(body)
    const agents = this.#agentsOf(nameOf({ url, ...of }))
    const options = { method, signal, headers: { ...headers, 'content-length': bytes.length } }
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const sent =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, agent: agents.https }, resolve)
        : httpRequest(url, { ...options, agent: agents.http }, resolve)
    sent.on('error', (error: NodeJS.ErrnoException) => {
      const isStale = sent.reusedSocket && closedCodes.has(error.code ?? '')
      reject(isStale ? new StaleConnectionError(error) : error)
    })
    sent.end(bytes)
    return promise
  }

  #agentsOf(name: string): Agents {
    const now = this.#now()
    const known = this.#agents.get(name)
    if (known && now - known.since < agentMsMax) return known.agents
    this.#close(name)
    const [oldest] = this.#agents.keys()
    if (this.#agents.size >= agentsMax && oldest !== undefined) this.#close(oldest)
    const agents = guardedAgents(this.#sockets)
    this.#agents.set(name, { agents, since: now })
    return agents
  }

  /** Forgets the agents of a receiver. Requests in flight end as they would; idle connections close. */
  #close(name: string): void {
    const known = this.#agents.get(name)
    this.#agents.delete(name)
    for (const agent of Object.values(known?.agents ?? {})) {
      agent.maxFreeSockets = 0
      for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy()
    }
  }
}

/** Connections are kept by webhook and origin. */
function nameOf({ webhook, url }: Pick<WebhookRequest, 'webhook' | 'url'>): string {
  return `${webhook} ${url.origin}`
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header
}

/** Returns the beginning of a body as text. What does not come in time, or is longer, is not waited for. */
function firstBytes(response: IncomingMessage, waitMs: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const chunks: Buffer[] = []
  let bytes = 0
  const end = () => {
    clearTimeout(timer)
    resolve(Buffer.concat(chunks).subarray(0, answerBytesMax).toString('utf8'))
  }
  const stop = () => {
    end()
    response.destroy()
  }
  const timer = setTimeout(stop, waitMs)
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > answerBytesMax) stop()
  })
  response.on('end', end)
  // The receiver closed in mid-answer: the status counts.
  response.on('error', end)
  response.on('close', end)
  return promise
}

/** Returns a reason that says what to look at: Node's error code, or the sentence of a refusal. */
function reasonOf(error: unknown): string {
  if (error instanceof TargetRefusedError) return error.message
  if (!(error instanceof Error)) return 'failed'
  const first = error instanceof AggregateError ? error.errors[0] : error
  const code = first instanceof Error && 'code' in first ? first.code : undefined
  return typeof code === 'string' ? code : error.message.slice(0, 200)
}
