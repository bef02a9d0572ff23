import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
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
})
export type DeliveryMessage = v.InferOutput<typeof DeliveryMessage>
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

/** Sends to the queue of the function that posts to receivers. */
export class DeliveryQueue {
  readonly #client = new SQSClient({})
  readonly #queueUrl: string
  constructor(queueUrl: string) {
    this.#queueUrl = queueUrl
  }

  /** Sends all messages. @throws DeliveriesUnsentError if SQS refused one; those before it may have been sent */
  async send(deliveries: readonly DelayedDelivery[]): Promise<void> {
    for (let from = 0; from < deliveries.length; from += batchMax) {
      const Entries = deliveries.slice(from, from + batchMax).map(({ message, delaySeconds }, n) => ({
        Id: String(n),
        MessageBody: JSON.stringify(message),
        DelaySeconds: Math.max(0, Math.min(Math.ceil(delaySeconds), delaySecondsMax)),
      }))
      const { Failed = [] } = await this.#client.send(
        new SendMessageBatchCommand({ QueueUrl: this.#queueUrl, Entries }),
      )
      if (Failed.length > 0) throw new DeliveriesUnsentError(`SQS did not take ${Failed.length} deliveries`)
    }
  }
}
