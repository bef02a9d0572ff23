import * as v from 'valibot'
import type { SiteId } from '../../../contracts/names.ts'
import { type DelayedDelivery, DeliveryMessage } from '../../gateways/delivery-queue.ts'
import { describeError, logMetrics, logOutcome } from '../../log.ts'
import { deliveryOfDue, duePartitions } from '../../stores/table-keys.ts'
import { type DeliveryRow, type DueRow, nextTry } from '../../stores/webhook-deliveries.ts'

export interface SweepDependencies {
  deliveries: {
    due(partition: string, now: number, limit: number): Promise<DueRow[]>
    removeDue(row: DueRow): Promise<void>
    find(site: SiteId, webhook: string, id: string): Promise<DeliveryRow | undefined>
  }
  queue: { send(deliveries: readonly DelayedDelivery[]): Promise<void> }
  now(): number
  /** No page is started after this time, Unix milliseconds. */
  until: number
}
export interface SweepCount {
  due: number
  /** Rows whose message could not be read: their retry was sent from the row of the delivery. */
  repaired: number
  /** Rows from which no retry could be made. They are deleted; the log shows their deliveries as pending, to be resent. */
  unreadable: number
  /** Partitions that failed: the next minute reads them again. */
  failed: number
}

/** A page is ten batches of SQS. Sixteen partitions of 100 a page, several pages each, are thousands a minute. */
const pageMax = 100

/**
 * Sends the retries that are due to their queue. Deletes each row after its message was sent, so a crash sends some twice. Neither
 * a row that cannot be read nor a partition that fails stops the others.
 */
export async function sweep(dependencies: SweepDependencies): Promise<SweepCount> {
  const { now, until } = dependencies
  const count: SweepCount = { due: 0, repaired: 0, unreadable: 0, failed: 0 }
  // Sites share the partitions evenly: one page of each in turn, so that a site with a long backlog delays no other.
  let open = [...duePartitions]
  while (open.length > 0 && now() < until) {
    const rests = await Promise.all(
      open.map(async (partition) => {
        try {
          const rows = await sweepPage(partition, count, dependencies)
          return rows === pageMax ? [partition] : []
        } catch (error) {
          logOutcome('error', 'sweep-failed', { partition, error: describeError(error) })
          count.failed += 1
          return []
        }
      }),
    )
    open = rests.flat()
  }
  return count
}

/** Returns how many rows the page had. */
async function sweepPage(partition: string, count: SweepCount, dependencies: SweepDependencies): Promise<number> {
  const { deliveries, queue, now } = dependencies
  const rows = await deliveries.due(partition, now(), pageMax)
  const found = await Promise.all(rows.map((row) => retryOf(row, count, dependencies)))
  await queue.send(found.flatMap((message) => (message ? [{ message, delaySeconds: 0 }] : [])))
  await Promise.all(rows.map((row) => deliveries.removeDue(row)))
  count.due += rows.length
  return rows.length
}

/** Returns the message of a row; from the row of its delivery, which its key names, if the message cannot be read. */
async function retryOf(
  row: DueRow,
  count: SweepCount,
  { deliveries }: SweepDependencies,
): Promise<DeliveryMessage | undefined> {
  const message = readRetry(row.message)
  if (message) return message
  const { site = '', webhook = '', delivery = '' } = deliveryOfDue(row.sk) ?? {}
  const stored = site === '' ? undefined : await findReadable(() => deliveries.find(site, webhook, delivery))
  if (stored?.state === 'pending') {
    count.repaired += 1
    return nextTry(site, stored)
  }
  logMetrics(site, { UnreadableRows: 1 })
  logOutcome('error', 'due-unreadable', { site, webhook, delivery })
  count.unreadable += 1
  return undefined
}

function readRetry(text: unknown): DeliveryMessage | undefined {
  try {
    return v.parse(DeliveryMessage, JSON.parse(v.parse(v.string(), text)))
  } catch {
    // The key of the row says which delivery it is about.
    return undefined
  }
}

/** Returns undefined if the row cannot be parsed. @throws what the table throws */
async function findReadable<R>(find: () => Promise<R>): Promise<R | undefined> {
  try {
    return await find()
  } catch (error) {
    if (error instanceof v.ValiError) return undefined
    throw error
  }
}
