import type { SiteId } from '../../../contracts/names.ts'
import type { StoredEvent } from '../../domain/webhooks/event.ts'
import { matches } from '../../domain/webhooks/match.ts'
import type { DelayedDelivery } from '../../gateways/delivery-queue.ts'
import type { SubscriptionRow } from '../../stores/subscriptions.ts'
import { type DeliveryRow, listenedDelivery, newDelivery, nextTry } from '../../stores/webhook-deliveries.ts'
import type { ReaderOf } from '../webhook-reader.ts'

export interface PublishDependencies {
  deliveries: {
    putEvent(site: SiteId, event: StoredEvent, now: number): Promise<StoredEvent>
    create(site: SiteId, row: DeliveryRow): Promise<boolean>
  }
  webhooksOf(site: SiteId): Promise<SubscriptionRow[]>
  readerOf: ReaderOf
  queue: { send(deliveries: readonly DelayedDelivery[]): Promise<void> }
  now: () => number
}

/** Sends events; when it has resolved, they are stored with their deliveries. */
export type Publish = (site: SiteId, events: readonly StoredEvent[]) => Promise<void>

/** The events of a disabled webhook are kept for this long after it was disabled. */
const heldMsMax = 7 * 86_400_000
/** Ids that this process has published: a fact repeats the events of the facts before. 10,000 are 1 MB. */
const rememberedMax = 10_000

/**
 * Returns a function that stores events, with a delivery for each webhook that gets them, and sends the deliveries to their queue.
 * A second run with the same events has no effect except further messages, which find that their try was made.
 */
export function publisher(dependencies: PublishDependencies): Publish {
  const remembered = new Set<string>()
  return async (site, events) => {
    for (const event of events) {
      if (remembered.has(event.id)) continue
      await publish(site, event, dependencies)
      if (remembered.size >= rememberedMax) remembered.clear()
      remembered.add(event.id)
    }
  }
}

async function publish(site: SiteId, event: StoredEvent, dependencies: PublishDependencies): Promise<void> {
  const { deliveries, webhooksOf, readerOf, queue, now } = dependencies
  const wanted: SubscriptionRow[] = []
  for (const webhook of await webhooksOf(site)) {
    const reader = await readerOf(site, webhook.key)
    const { enabled, disabledAt = 0, listensUntil = Number.POSITIVE_INFINITY } = webhook
    const isKept = (enabled || now() - disabledAt < heldMsMax) && now() < listensUntil
    if (reader && isKept && matches(event, webhook, reader, now())) wanted.push(webhook)
  }
  if (wanted.length === 0) return
  const stored = await deliveries.putEvent(site, event, now())
  const messages: DelayedDelivery[] = []
  for (const webhook of wanted) {
    const row =
      webhook.listensUntil === undefined
        ? newDelivery(webhook.id, stored, webhook.enabled ? 'pending' : 'held', now())
        : listenedDelivery(webhook.id, stored, now())
    // It exists if the process died before it sent the message, so the message is sent again.
    await deliveries.create(site, row)
    if (row.state === 'pending') messages.push({ message: nextTry(site, row), delaySeconds: 0 })
  }
  await queue.send(messages)
}
