import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs'

/** SQS's maximum; the queue is configured with the same value. */
const waitSeconds = 20
const messagesMax = 10
/** Short, so that a bridge that restarts receives an unexecuted command again before its deadline of 15 s. */
const visibilityTimeoutSeconds = 5
/** A long poll without an answer for this long, 10 s more than it may take, has a dead connection. */
const receiveMsMax = 30_000
const deleteMsMax = 10_000

export interface ReceivedMessage {
  body: string
  receipt: string
}

/** The site's command queue, and AWS's time from the `Date` header of its answers, by which deadlines are judged. */
export class CommandQueue {
  readonly #client: SQSClient
  readonly #url: () => string
  #offsetMs = Date.now() - performance.now()

  /** `url` is called for each request: when a bridge of the site is revoked, the others get a new queue. */
  constructor(region: string, credentials: SQSClientConfig['credentials'] | undefined, url: () => string) {
    this.#client = new SQSClient({ region, maxAttempts: 1, ...(credentials && { credentials }) })
    this.#url = url
    this.#client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args)
        this.#noteDate(result.response)
        return result
      },
      { step: 'deserialize', name: 'noteDate' },
    )
  }

  /** Unix milliseconds by AWS's clock, continued with this machine's monotonic clock; off by half a second at most. */
  nowMs(): number {
    return performance.now() + this.#offsetMs
  }

  async receive(signal: AbortSignal): Promise<ReceivedMessage[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.#url(),
      MaxNumberOfMessages: messagesMax,
      WaitTimeSeconds: waitSeconds,
      VisibilityTimeout: visibilityTimeoutSeconds,
    })
    const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(receiveMsMax)])
    const { Messages = [] } = await this.#client.send(command, { abortSignal })
    return Messages.map(({ Body = '', ReceiptHandle = '' }) => ({ body: Body, receipt: ReceiptHandle }))
  }

  async delete(receipt: string): Promise<void> {
    const command = new DeleteMessageCommand({ QueueUrl: this.#url(), ReceiptHandle: receipt })
    await this.#client.send(command, { abortSignal: AbortSignal.timeout(deleteMsMax) })
  }

  stop(): void {
    this.#client.destroy()
  }

  /** The header has whole seconds: the middle of the second is off by half a second at most. */
  #noteDate(response: unknown): void {
    const headers = typeof response === 'object' && response && 'headers' in response ? response.headers : undefined
    const date = typeof headers === 'object' && headers && 'date' in headers ? String(headers.date) : ''
    const ms = Date.parse(date)
    if (!Number.isNaN(ms)) this.#offsetMs = ms + 500 - performance.now()
  }
}
