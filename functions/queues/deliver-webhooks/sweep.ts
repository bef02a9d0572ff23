import * as v from 'valibot'
import { type DelayedDelivery, DeliveryMessage } from '../../gateways/delivery-queue.ts'
import { duePartitions } from '../../stores/table-keys.ts'
import type { DueRow } from '../../stores/webhook-deliveries.ts'

export interface SweepDependencies {
  deliveries: {
    due(partition: string, now: number, limit: number): Promise<DueRow[]>
    removeDue(row: DueRow): Promise<void>
  }
  queue: { send(deliveries: readonly DelayedDelivery[]): Promise<void> }
  now(): number
  /** No page is started after this time, Unix milliseconds. */
  until: number
}

/** A page is ten batches of SQS. Sixteen partitions of 100 a page, several pages each, are thousands a minute. */
const pageMax = 100

/** Sends the retries that are due to their queue. Deletes each row after its message was sent, so a crash sends some twice. */
export async function sweep({ deliveries, queue, now, until }: SweepDependencies): Promise<{ due: number }> {
  let due = 0
  // Sites share the partitions evenly: one page of each in turn, so that a site with a long backlog delays no other.
  let open = [...duePartitions]
  while (open.length > 0 && now() < until) {
    const pages = await Promise.all(open.map((partition) => deliveries.due(partition, now(), pageMax)))
    for (const rows of pages) {
      const messages = rows.map(({ message }) => ({
        message: v.parse(DeliveryMessage, JSON.parse(message)),
        delaySeconds: 0,
      }))
      await queue.send(messages)
      await Promise.all(rows.map((row) => deliveries.removeDue(row)))
      due += rows.length
    }
    open = open.filter((_, n) => pages[n]?.length === pageMax)
  }
  return { due }
}
