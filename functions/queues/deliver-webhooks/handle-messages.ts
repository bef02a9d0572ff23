import type { SQSRecord } from 'aws-lambda'
import { type DeliveryMessage, type ReplayMessage, readMessage } from '../../gateways/delivery-queue.ts'
import { describeError, logOutcome } from '../../log.ts'
import { type DeliverDependencies, deliverAll } from './deliver.ts'
import { type ReplayDependencies, replayAll } from './replay.ts'

/**
 * Handles a batch and returns the ids of the messages that SQS has to deliver again. One that cannot be read stops none of the others:
 * it goes to the dead-letter queue after its last try.
 */
export async function handleMessages(
  records: readonly Pick<SQSRecord, 'messageId' | 'body'>[],
  dependencies: DeliverDependencies & ReplayDependencies,
): Promise<string[]> {
  const failed: string[] = []
  const deliveries = new Map<DeliveryMessage, string>()
  const pages = new Map<ReplayMessage, string>()
  for (const { messageId, body } of records) {
    try {
      const { delivery, page } = readMessage(body)
      if (delivery) deliveries.set(delivery, messageId)
      if (page) pages.set(page, messageId)
    } catch (error) {
      logOutcome('error', 'delivery-unreadable', { messageId, error: describeError(error) })
      failed.push(messageId)
    }
  }
  const undelivered = await deliverAll([...deliveries.keys()], dependencies)
  const unplayed = await replayAll([...pages.keys()], dependencies)
  const again = [
    ...undelivered.map((message) => deliveries.get(message)),
    ...unplayed.map((message) => pages.get(message)),
  ]
  return [...failed, ...again.filter((id) => id !== undefined)]
}
