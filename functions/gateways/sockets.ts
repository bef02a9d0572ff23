import http from 'node:http'
import https from 'node:https'
import { setTimeout as wait } from 'node:timers/promises'
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GoneException,
} from '@aws-sdk/client-apigatewaymanagementapi'
import { SwitchhookError } from '../../contracts/errors.ts'
import { functionIdentity } from '../config.ts'
import { describeError, logOutcome } from '../log.ts'
import { PostSigner } from './signed-post.ts'

export type PostOutcome = 'sent' | 'gone' | 'throttled' | 'failed'

/** A post that takes longer fails. The client finds out by its digest or its next resume that it missed a frame. */
const postMsMax = 1_000
/** Concurrent posts. Each socket is kept open for the next post, since a TLS handshake costs more than the post itself. */
const socketsMax = 100
const throttled = /Throttling|TooManyRequests|LimitExceeded/

interface Answer {
  status: number
  errorType: string
}
/** A post that is sent at the end of this turn of the event loop. */
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
   * Posts a frame (JSON) to a connection, once. The caller decides when to retry a throttled post, so that it delays no
   * other. A failure is returned, not thrown, so that it does not stop the posts to other connections.
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

  /** Sends all posts of one turn of the event loop together: signing them all, then writing them all, costs half as much CPU. */
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
    // The socket's own timer costs nothing while answers come; an abort signal for each post costs as much as the post.
    request.setTimeout(postMsMax, () => request.destroy(new PostTimeoutError(`no answer within ${postMsMax} ms`)))
    request.once('error', reject)
    request.end(frame)
  }

  /** Closes a connection; harmless if it is already closed. */
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

class PostTimeoutError extends SwitchhookError {
  readonly errorId = 'post-timeout'
  override shouldRetry(): boolean {
    return true
  }
}

/** Returns the sender of posts, and the clock and random numbers by which throttled posts are retried. */
export function socketPosting(apiEndpoint: string) {
  return {
    sockets: new Sockets(apiEndpoint),
    now: Date.now,
    wait: (ms: number) => wait(ms),
    random: Math.random,
  }
}
