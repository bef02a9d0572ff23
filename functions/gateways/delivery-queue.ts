import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import * as v from 'valibot'
import { SwitchhookError } from '../../contracts/errors.ts'
import { SiteId } from '../../contracts/names.ts'

/** One try of one delivery. */
export const DeliveryMessage = v.looseObject({
  site: SiteId,
  webhook: v.string(),
  delivery: v.string(),
  /** Tries before this one, and the round of the schedule: a message of an earlier state of the delivery is ignored. */
  n: v.number(),
  round: v.number(),
  /** True if it has waited for its turn at the rate of the webhook. */
  isReserved: v.optional(v.boolean()),
  /** True once its receiver failed: it goes to the queue of such receivers. */
  isSlow: v.optional(v.boolean()),
  /** How often it has waited for an earlier event of its call. */
  waits: v.optional(v.number()),
})
export type DeliveryMessage = v.InferOutput<typeof DeliveryMessage>
/** The next page of a replay: deliveries of a webhook that are to be sent again. */
export const ReplayMessage = v.looseObject({
  site: SiteId,
  webhook: v.string(),
  replay: v.looseObject({
    id: v.string(),
    /** Ids of deliveries begin with a time: the page begins after the first, and ends before the second. */
    after: v.string(),
    before: v.string(),
    states: v.array(v.string()),
    types: v.array(v.string()),
    /** How many may still be sent. */
    left: v.number(),
  }),
})
export type ReplayMessage = v.InferOutput<typeof ReplayMessage>
/** Reads a message of the queue: a delivery or a page of a replay. */
export function readMessage(body: string): { delivery?: DeliveryMessage; page?: ReplayMessage } {
  const content: unknown = JSON.parse(body)
  return v.is(ReplayMessage, content) ? { page: content } : { delivery: v.parse(DeliveryMessage, content) }
}
export interface DelayedDelivery {
  message: DeliveryMessage
  delaySeconds: number
}

/** SQS's limits: messages of a batch, and the longest delay. */
const batchMax = 10
export const delaySecondsMax = 900

/** SQS did not take every message of a batch. */
export class DeliveriesUnsentError extends SwitchhookError {
  readonly errorId = 'deliveries-unsent'
  override shouldRetry(): boolean {
    return true
  }
}

interface Waiting {
  delivery: DelayedDelivery
  resolve(): void
  reject(error: unknown): void
}

/** Sends to the queues of the function that posts to receivers. */
export class DeliveryQueue {
  readonly #client = new SQSClient({})
  readonly #queueUrl: string
  readonly #slowUrl: string
  readonly #waiting: Waiting[] = []
  /** @param slowUrl the queue for receivers that fail; a caller that knows of none sends all to the other */
  constructor(queueUrl: string, slowUrl = queueUrl) {
    this.#queueUrl = queueUrl
    this.#slowUrl = slowUrl
  }

  /**
   * Sends all messages; those of callers that ask at the same time share requests. @throws DeliveriesUnsentError if SQS refused one of a
   * request with one of these; those before it may have been sent
   */
  async send(deliveries: readonly DelayedDelivery[]): Promise<void> {
    await Promise.all(
      deliveries.map((delivery) => {
        const { promise, resolve, reject } = Promise.withResolvers<void>()
        // After all that goes on in this turn of the event loop has asked.
        if (this.#waiting.length === 0) setImmediate(() => this.#flush())
        this.#waiting.push({ delivery, resolve, reject })
        return promise
      }),
    )
  }

  #flush(): void {
    const waiting = this.#waiting.splice(0)
    const isSlow = ({ delivery }: Waiting) => delivery.message.isSlow === true
    void this.#sendTo(
      this.#queueUrl,
      waiting.filter((one) => !isSlow(one)),
    )
    void this.#sendTo(this.#slowUrl, waiting.filter(isSlow))
  }

  async #sendTo(QueueUrl: string, waiting: readonly Waiting[]): Promise<void> {
    for (let from = 0; from < waiting.length; from += batchMax) {
      const batch = waiting.slice(from, from + batchMax)
      const Entries = batch.map(({ delivery: { message, delaySeconds } }, n) => ({
        Id: String(n),
        MessageBody: JSON.stringify(message),
        DelaySeconds: Math.max(0, Math.min(Math.ceil(delaySeconds), delaySecondsMax)),
      }))
      try {
        const { Failed = [] } = await this.#client.send(new SendMessageBatchCommand({ QueueUrl, Entries }))
        if (Failed.length > 0) throw new DeliveriesUnsentError(`SQS did not take ${Failed.length} deliveries`)
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
  }

  /** Sends a page of a replay, at most 15 minutes later. */
  async sendReplay(message: ReplayMessage, delaySeconds: number): Promise<void> {
    const DelaySeconds = Math.max(0, Math.min(Math.ceil(delaySeconds), delaySecondsMax))
    await this.#client.send(
      new SendMessageCommand({ QueueUrl: this.#queueUrl, MessageBody: JSON.stringify(message), DelaySeconds }),
    )
  }
}
