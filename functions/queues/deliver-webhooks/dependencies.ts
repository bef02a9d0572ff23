import { allowsLocalTargets, config } from '../../config.ts'
import { dataKeys } from '../../data-keys.ts'
import { DeliveryQueue } from '../../gateways/delivery-queue.ts'
import { WebhookPoster } from '../../gateways/webhook-post.ts'
import { withBatchedReads } from '../../stores/batched-reads.ts'
import { CallOrderStore } from '../../stores/call-order.ts'
import { KeyStore } from '../../stores/keys.ts'
import { documentClient } from '../../stores/table.ts'
import { DeliveryStore } from '../../stores/webhook-deliveries.ts'
import { TargetStore } from '../../stores/webhook-targets.ts'
import { WebhookStore } from '../../stores/webhooks.ts'
import { cachedReaders } from '../webhook-reader.ts'
import type { DeliverDependencies } from './deliver.ts'
import type { ReplayDependencies } from './replay.ts'

const env = config('TABLE_ACCESS', 'TABLE_WEBHOOKS', 'QUEUE_DELIVERIES', 'QUEUE_SLOW_DELIVERIES', 'OWN_HOSTS')
// A batch of messages has ten deliveries.
const db = withBatchedReads(documentClient())
const allowsLocal = allowsLocalTargets()
const poster = new WebhookPoster({ allowsLocal })
const deliveries = new DeliveryStore(db, env.TABLE_WEBHOOKS)

/** Dependencies of the handler, created once per cold start. */
export const dependencies: DeliverDependencies & ReplayDependencies & { deliveries: DeliveryStore } = {
  deliveries,
  webhooks: new WebhookStore(db, env.TABLE_WEBHOOKS, dataKeys),
  order: new CallOrderStore(db, env.TABLE_WEBHOOKS),
  targets: new TargetStore(db, env.TABLE_WEBHOOKS),
  queue: new DeliveryQueue(env.QUEUE_DELIVERIES, env.QUEUE_SLOW_DELIVERIES),
  post: (request) => poster.post(request),
  readerOf: cachedReaders(new KeyStore(documentClient(), env.TABLE_ACCESS), Date.now),
  rules: { ownHosts: env.OWN_HOSTS.split(' '), allowsLocal },
  now: Date.now,
  random: Math.random,
}
