import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs'

/** SQS's longest; the queue's own setting is the same. */
const waitSeconds = 20
const messagesMax = 10
/** A bridge that dies with a command it has not begun can begin it at its next start, within the deadline. */
const visibleAgainSeconds = 5
/** A long poll that says nothing for this long after its time is a dead connection. */
const receiveMsMax = 30_000
const deleteMsMax = 10_000

export interface ReceivedMessage {
  body: string
  receipt: string
}

/** The site's command queue, and the time that AWS tells with each answer: deadlines are kept by it, not by our clock. */
export class CommandQueue {
  readonly #client: SQSClient
  readonly #url: () => string
  #offsetMs = Date.now() - performance.now()

  /** `url` is asked each time: revoking a bridge of the site gives the others a new queue. */
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

  /** Unix milliseconds by AWS's clock, which our monotonic one carries on; up to a second behind. */
  nowMs(): number {
    return performance.now() + this.#offsetMs
  }

  async receive(signal: AbortSignal): Promise<ReceivedMessage[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.#url(),
      MaxNumberOfMessages: messagesMax,
      WaitTimeSeconds: waitSeconds,
      VisibilityTimeout: visibleAgainSeconds,
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

  /** The header has whole seconds: the middle of the second is off by half of one at most. */
  #noteDate(response: unknown): void {
    const headers = typeof response === 'object' && response && 'headers' in response ? response.headers : undefined
    const date = typeof headers === 'object' && headers && 'date' in headers ? String(headers.date) : ''
    const ms = Date.parse(date)
    if (!Number.isNaN(ms)) this.#offsetMs = ms + 500 - performance.now()
  }
}
