import type { SiteId } from '../../../contracts/names.ts'
import type { StoredEvent } from '../../domain/webhooks/event.ts'
import { isRecent, matches } from '../../domain/webhooks/match.ts'
import type { DelayedDelivery } from '../../gateways/delivery-queue.ts'
import type { CallOrder } from '../../stores/call-order.ts'
import type { SubscriptionRow } from '../../stores/subscriptions.ts'
import { type DeliveryRow, listenedDelivery, newDelivery, nextTry } from '../../stores/webhook-deliveries.ts'
import type { ReaderOf } from '../webhook-reader.ts'

export interface PublishDependencies {
  deliveries: {
    putEvent(site: SiteId, event: StoredEvent, now: number): Promise<StoredEvent>
    create(site: SiteId, row: DeliveryRow): Promise<boolean>
  }
  order: { put(site: SiteId, webhook: string, order: CallOrder, delivery: string, now: number): Promise<void> }
  webhooksOf(site: SiteId): Promise<SubscriptionRow[]>
  /** Ids of the site's webhooks whose receiver fails; may be some seconds old. */
  failingOf(site: SiteId): Promise<ReadonlySet<string>>
  readerOf: ReaderOf
  /** The event bus of the deployment, if it has one. */
  bus?: { hasSite(site: SiteId): Promise<boolean> } | undefined
  queue: { send(deliveries: readonly DelayedDelivery[]): Promise<void> }
  now: () => number
}

/** What goes to receivers that fail lets the others go first. */
const slowSeconds = 2

/** Publishes events; when it has resolved, they are stored with their deliveries. */
export type Publish = (site: SiteId, events: readonly StoredEvent[]) => Promise<void>

export interface Publisher {
  /** Stores events and sends their deliveries. Returns the events that have to be put on the event bus, if the deployment has one. */
  publish(site: SiteId, events: readonly StoredEvent[]): Promise<StoredEvent[]>
  /** Remembers that nothing is left to do for these events, so that this process skips their repetitions. */
  remember(ids: Iterable<string>): void
}

/** The events of a disabled webhook are kept for this long after it was disabled. */
const heldMsMax = 7 * 86_400_000
/** Ids that this process has published: a fact repeats the events of the facts before. 10,000 are 1 MB. */
const rememberedMax = 10_000

/**
 * Stores events, with a delivery for each webhook that gets them, and sends the deliveries to their queue. A second run with the same
 * events has no effect except further messages, which find that their try was made.
 */
export function publisher(dependencies: PublishDependencies): Publisher {
  const { bus, now } = dependencies
  const remembered = new Set<string>()
  return {
    async publish(site, events) {
      const isOnBus = (await bus?.hasSite(site)) ?? false
      const fresh = new Map(events.filter(({ id }) => !remembered.has(id)).map((event) => [event.id, event]))
      const toBus: StoredEvent[] = []
      for (const event of fresh.values()) {
        const isForBus = isOnBus && isRecent(event, now())
        const stored = await publish(site, event, isForBus, dependencies)
        if (isForBus && stored && !stored.onBus) toBus.push(stored)
      }
      return toBus
    },
    remember(ids) {
      if (remembered.size >= rememberedMax) remembered.clear()
      for (const id of ids) remembered.add(id)
    },
  }
}

/** Events that are not of a call, and records, have no place in one. */
function placeInCall({ data: { call, callSeq } }: StoredEvent): CallOrder | undefined {
  return typeof call === 'string' && typeof callSeq === 'string' ? { call, seq: callSeq } : undefined
}

/** Returns the stored event, or undefined if nobody gets it. */
async function publish(
  site: SiteId,
  event: StoredEvent,
  isForBus: boolean,
  dependencies: PublishDependencies,
): Promise<StoredEvent | undefined> {
  const { deliveries, webhooksOf, failingOf, readerOf, now } = dependencies
  const wanted: SubscriptionRow[] = []
  for (const webhook of await webhooksOf(site)) {
    const reader = await readerOf(site, webhook.key)
    const { enabled, disabledAt = 0, listensUntil = Number.POSITIVE_INFINITY } = webhook
    const isKept = (enabled || now() - disabledAt < heldMsMax) && now() < listensUntil
    if (reader && isKept && matches(event, webhook, reader, now())) wanted.push(webhook)
  }
  if (wanted.length === 0 && !isForBus) return undefined
  const stored = await deliveries.putEvent(site, event, now())
  const failing = wanted.length > 0 ? await failingOf(site) : new Set<string>()
  // Receivers that fail come after the others, and into the queue of such.
  for (const isSlow of [false, true]) {
    const some = wanted.filter(({ id }) => failing.has(id) === isSlow)
    await send(site, stored, some, isSlow, dependencies)
  }
  return stored
}

/** Stores a delivery for each webhook, and sends those that are to be tried. */
async function send(
  site: SiteId,
  event: StoredEvent,
  webhooks: readonly SubscriptionRow[],
  isSlow: boolean,
  { deliveries, order, queue, now }: PublishDependencies,
): Promise<void> {
  const messages = await Promise.all(
    webhooks.map(async (webhook): Promise<DelayedDelivery[]> => {
      const place = webhook.ordering === 'call' ? placeInCall(event) : undefined
      const made =
        webhook.listensUntil === undefined
          ? newDelivery(webhook.id, event, webhook.enabled ? 'pending' : 'held', now())
          : listenedDelivery(webhook.id, event, now())
      const row: DeliveryRow = place ? { ...made, order: place } : made
      // Listed before it is stored: no later event of the call overtakes it.
      if (place && row.state === 'pending') await order.put(site, webhook.id, place, row.id, now())
      // It exists if the process died before it sent the message, so the message is sent again.
      await deliveries.create(site, row)
      const message = { ...nextTry(site, row), ...(isSlow && { isSlow }) }
      return row.state === 'pending' ? [{ message, delaySeconds: isSlow ? slowSeconds : 0 }] : []
    }),
  )
  if (messages.flat().length > 0) await queue.send(messages.flat())
}
