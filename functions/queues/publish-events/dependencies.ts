import { setTimeout as sleep } from 'node:timers/promises'
import { config, eventBridgeEndpoint, eventBusName, functionIdentity, topicEndpoint } from '../../config.ts'
import { DeliveryQueue } from '../../gateways/delivery-queue.ts'
import { EventBus } from '../../gateways/event-bus.ts'
import { type EventMessage, EventQueue } from '../../gateways/event-queue.ts'
import { OutageTopic } from '../../gateways/outage-topic.ts'
import { BusSettingsStore } from '../../stores/bus-settings.ts'
import { cached } from '../../stores/cached.ts'
import { CallLogStore } from '../../stores/call-log.ts'
import { CallOrderStore } from '../../stores/call-order.ts'
import { FraudStates } from '../../stores/fraud-states.ts'
import { KeyStore } from '../../stores/keys.ts'
import { cachedLocale } from '../../stores/locale.ts'
import { PlacedCallStore } from '../../stores/placed-calls.ts'
import { PresenceStore } from '../../stores/presence.ts'
import { SubscriptionStore } from '../../stores/subscriptions.ts'
import { documentClient } from '../../stores/table.ts'
import { DeliveryStore } from '../../stores/webhook-deliveries.ts'
import { TargetStore } from '../../stores/webhook-targets.ts'
import { cachedReaders } from '../webhook-reader.ts'
import { BusPublisher } from './bus.ts'
import type { MakeDependencies } from './make-events.ts'
import { publisher } from './publish.ts'

const env = config(
  'TABLE_ACCESS',
  'TABLE_LIVE',
  'TABLE_RECORDS',
  'TABLE_WEBHOOKS',
  'QUEUE_EVENTS',
  'QUEUE_DELIVERIES',
  'QUEUE_SLOW_DELIVERIES',
  'TOPIC_OUTAGES',
)
const db = documentClient()
const deliveries = new DeliveryStore(db, env.TABLE_WEBHOOKS)
const subscriptions = new SubscriptionStore(db, env.TABLE_WEBHOOKS)
const targets = new TargetStore(db, env.TABLE_WEBHOOKS)
const events = new EventQueue(env.QUEUE_EVENTS)
const localeOf = cachedLocale(db, env.TABLE_LIVE, Date.now)
const presence = new PresenceStore(db, env.TABLE_LIVE)
/** A new or changed webhook has effect within this time. */
const cacheMs = 5_000

/** Dependencies of the handler, created once per cold start. */
export const dependencies: MakeDependencies = {
  seen: deliveries,
  log: new CallLogStore(db, env.TABLE_RECORDS),
  placed: new PlacedCallStore(db, env.TABLE_LIVE),
  liveCalls: async (site) => new Set((await presence.calls(site)).map(({ id }) => id)),
  numberingOf: localeOf,
  fraud: { states: new FraudStates(db, env.TABLE_WEBHOOKS), localeOf, now: Date.now },
  queue: (message: EventMessage, delaySeconds: number) => events.send(message, delaySeconds),
}
const busName = eventBusName()
const identity = functionIdentity()
const busSettings = new BusSettingsStore(db, env.TABLE_LIVE)
const settingsOf = cached(
  (site) => busSettings.find(site),
  Date.now,
  () => cacheMs,
)
export const bus =
  busName === undefined
    ? undefined
    : new BusPublisher({
        bus: new EventBus(busName, eventBridgeEndpoint(identity.region), identity, identity.region),
        events: deliveries,
        settingsOf,
        queue: events.send.bind(events),
        wait: (ms) => sleep(ms),
        now: Date.now,
      })
export const notices = new OutageTopic(env.TOPIC_OUTAGES, topicEndpoint(identity.region), identity, identity.region)
export const webhooks = publisher({
  bus,
  deliveries,
  order: new CallOrderStore(db, env.TABLE_WEBHOOKS),
  webhooksOf: cached(
    (site) => subscriptions.list(site),
    Date.now,
    () => cacheMs,
  ),
  readerOf: cachedReaders(new KeyStore(db, env.TABLE_ACCESS), Date.now),
  failingOf: cached(
    (site) => targets.failing(site),
    Date.now,
    () => cacheMs,
  ),
  queue: new DeliveryQueue(env.QUEUE_DELIVERIES, env.QUEUE_SLOW_DELIVERIES),
  now: Date.now,
})
