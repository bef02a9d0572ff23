import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GoneException,
  LimitExceededException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi'
import { describeError, logOutcome } from '../log.ts'

export type PostOutcome = 'sent' | 'gone' | 'throttled' | 'failed'

/** A connection that does not take its frame within this is passed over; it will resume by itself. */
const postMsMax = 1_000

/** Posts frames to WebSocket clients through API Gateway's connections API. */
export class Sockets {
  readonly #client: ApiGatewayManagementApiClient
  /** `apiEndpoint` is the template's `ApiEndpoint` of the WebSocket API with its stage: `wss://host/stage`. */
  constructor(apiEndpoint: string) {
    const endpoint = apiEndpoint.replace(/^ws/, 'http')
    // One try: whoever posts to many decides when a throttled post is made again, so that it holds up no other.
    this.#client = new ApiGatewayManagementApiClient({ endpoint, maxAttempts: 1 })
  }

  /** `frame` is JSON. */
  async post(connectionId: string, frame: string): Promise<PostOutcome> {
    try {
      await this.#client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: Buffer.from(frame) }), {
        abortSignal: AbortSignal.timeout(postMsMax),
      })
      return 'sent'
    } catch (error) {
      if (error instanceof GoneException) return 'gone'
      if (error instanceof LimitExceededException || isThrottled(error)) return 'throttled'
      // One connection's trouble is its own: thrown, it would hold up everyone else of the site.
      if (!isTimeout(error)) logOutcome('warn', 'post-failed', { connectionId, error: describeError(error) })
      return 'failed'
    }
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

function isTimeout(error: unknown): boolean {
  return error instanceof Error && ['AbortError', 'TimeoutError'].includes(error.name)
}

function isThrottled(error: unknown): boolean {
  return error instanceof Error && ['ThrottlingException', 'TooManyRequestsException'].includes(error.name)
}
