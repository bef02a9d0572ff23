import { DeleteMessageCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { createSqsClient, type SqsAccess } from '../forward/sqs-client.ts'
import { CloudClock } from '../operate/cloud-clock.ts'

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

/** The site's command queue, and AWS's time, by which deadlines are judged. */
export class CommandQueue {
  readonly #client: SQSClient
  readonly #url: () => string
  readonly #clock: CloudClock

  /** `url` is called for each request: when a bridge of the site is revoked, the others get a new queue. */
  constructor(region: string, access: SqsAccess, url: () => string) {
    this.#clock = access.clock ?? new CloudClock()
    this.#client = createSqsClient(region, { ...access, clock: this.#clock })
    this.#url = url
  }

  /** Unix milliseconds by AWS's clock, continued with this machine's monotonic clock; off by half a second at most. */
  nowMs(): number {
    return this.#clock.nowMs()
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
}
