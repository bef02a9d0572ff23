import { config } from '../../config.ts'
import { DeliveryQueue } from '../../gateways/delivery-queue.ts'
import { type EventMessage, EventQueue } from '../../gateways/event-queue.ts'
import { cached } from '../../stores/cached.ts'
import { CallLogStore } from '../../stores/call-log.ts'
import { KeyStore } from '../../stores/keys.ts'
import { cachedLocale } from '../../stores/locale.ts'
import { PlacedCallStore } from '../../stores/placed-calls.ts'
import { PresenceStore } from '../../stores/presence.ts'
import { SubscriptionStore } from '../../stores/subscriptions.ts'
import { documentClient } from '../../stores/table.ts'
import { DeliveryStore } from '../../stores/webhook-deliveries.ts'
import { cachedReaders } from '../webhook-reader.ts'
import type { MakeDependencies } from './make-events.ts'
import { publisher } from './publish.ts'

const env = config('TABLE_ACCESS', 'TABLE_LIVE', 'TABLE_RECORDS', 'TABLE_WEBHOOKS', 'QUEUE_EVENTS', 'QUEUE_DELIVERIES')
const db = documentClient()
const deliveries = new DeliveryStore(db, env.TABLE_WEBHOOKS)
const webhooks = new SubscriptionStore(db, env.TABLE_WEBHOOKS)
const events = new EventQueue(env.QUEUE_EVENTS)
const presence = new PresenceStore(db, env.TABLE_LIVE)
/** A new or changed webhook has effect within this time. */
const cacheMs = 5_000

/** Dependencies of the handler, created once per cold start. */
export const dependencies: MakeDependencies = {
  seen: deliveries,
  log: new CallLogStore(db, env.TABLE_RECORDS),
  placed: new PlacedCallStore(db, env.TABLE_LIVE),
  liveCalls: async (site) => new Set((await presence.calls(site)).map(({ id }) => id)),
  numberingOf: cachedLocale(db, env.TABLE_LIVE, Date.now),
  lookAgain: (message: EventMessage, delaySeconds: number) => events.send(message, delaySeconds),
}
export const publish = publisher({
  deliveries,
  webhooksOf: cached(
    (site) => webhooks.list(site),
    Date.now,
    () => cacheMs,
  ),
  readerOf: cachedReaders(new KeyStore(db, env.TABLE_ACCESS), Date.now),
  queue: new DeliveryQueue(env.QUEUE_DELIVERIES),
  now: Date.now,
})
