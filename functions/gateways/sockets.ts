import http from 'node:http'
import https from 'node:https'
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GoneException,
} from '@aws-sdk/client-apigatewaymanagementapi'
import { functionIdentity } from '../config.ts'
import { describeError, logOutcome } from '../log.ts'
import { PostSigner } from './signed-post.ts'

export type PostOutcome = 'sent' | 'gone' | 'throttled' | 'failed'

/** A connection that does not take its frame within this is passed over; it will resume by itself. */
const postMsMax = 1_000
/** As many as are posted to at once, each kept for the next post: a TLS handshake would cost more than all else. */
const socketsMax = 100
const throttled = /Throttling|TooManyRequests|LimitExceeded/

interface Answer {
  status: number
  errorType: string
}
/** A post that is written at the end of this turn of the event loop. */
interface Waiting {
  connectionId: string
  frame: string
  resolve(answer: Answer): void
  reject(error: unknown): void
}

/** Posts frames to WebSocket clients through API Gateway's connections API. */
export class Sockets {
  readonly #endpoint: URL
  readonly #client: ApiGatewayManagementApiClient
  readonly #agent: http.Agent
  readonly #request: typeof http.request
  readonly #signer: PostSigner
  readonly #waiting: Waiting[] = []
  /** `apiEndpoint` is the template's `ApiEndpoint` of the WebSocket API with its stage: `wss://host/stage`. */
  constructor(apiEndpoint: string) {
    const endpoint = apiEndpoint.replace(/^ws/, 'http')
    this.#endpoint = new URL(endpoint)
    const { protocol } = this.#endpoint
    const agentOptions = { keepAlive: true, maxSockets: socketsMax, scheduling: 'lifo' as const }
    this.#agent = protocol === 'https:' ? new https.Agent(agentOptions) : new http.Agent(agentOptions)
    this.#request = protocol === 'https:' ? https.request : http.request
    const { region, ...credentials } = functionIdentity()
    this.#signer = new PostSigner(credentials, region)
    this.#client = new ApiGatewayManagementApiClient({ endpoint, maxAttempts: 1 })
  }

  /**
   * `frame` is JSON. One try: whoever posts to many decides when a throttled post is made again, so that it holds up no
   * other. One connection's trouble is its own: thrown, it would hold up everyone else of the site.
   */
  async post(connectionId: string, frame: string): Promise<PostOutcome> {
    try {
      const { status, errorType } = await this.#send(connectionId, frame)
      if (status === 200) return 'sent'
      if (status === 410) return 'gone'
      if (status === 429 || throttled.test(errorType)) return 'throttled'
      logOutcome('warn', 'post-failed', { connectionId, status, errorType: errorType.slice(0, 100) })
      return 'failed'
    } catch (error) {
      if (!(error instanceof PostTimeoutError))
        logOutcome('warn', 'post-failed', { connectionId, error: describeError(error) })
      return 'failed'
    }
  }

  /** With all that are posted in the same turn of the event loop: signed and written one after the other, each costs half. */
  #send(connectionId: string, frame: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ connectionId, frame, resolve, reject }) === 1) setImmediate(() => this.#sendWaiting())
    })
  }

  #sendWaiting(): void {
    const now = new Date()
    const signed = this.#waiting.splice(0).map((post) => ({ post, options: this.#signed(post, now) }))
    for (const { post, options } of signed) this.#write(options, post)
  }

  #signed({ connectionId, frame }: Waiting, now: Date): http.RequestOptions {
    const { hostname, port, host, pathname } = this.#endpoint
    const path = `${pathname.replace(/\/$/, '')}/@connections/${encodeURIComponent(connectionId)}`
    const headers = {
      ...this.#signer.headers(host, path, frame, now),
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(frame),
    }
    return { method: 'POST', hostname, port, path, headers, agent: this.#agent }
  }

  #write(options: http.RequestOptions, { frame, resolve, reject }: Waiting): void {
    const request = this.#request(options, (response) => {
      response.resume()
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, errorType: String(response.headers['x-amzn-errortype'] ?? '') }),
      )
      response.once('error', reject)
    })
    // By the socket's own timer, which costs nothing while answers come; a signal for each post would cost as much as it.
    request.setTimeout(postMsMax, () => request.destroy(new PostTimeoutError()))
    request.once('error', reject)
    request.end(frame)
  }

  /** Ends a connection; one that is gone already has ended. */
  async close(connectionId: string): Promise<void> {
    try {
      await this.#client.send(new DeleteConnectionCommand({ ConnectionId: connectionId }), {
        abortSignal: AbortSignal.timeout(postMsMax),
      })
    } catch (error) {
      if (!(error instanceof GoneException)) throw error
    }
  }
}

class PostTimeoutError extends Error {
  override readonly name = 'PostTimeoutError'
}
