import { allowsLocalTargets, config } from '../../config.ts'
import { dataKeys } from '../../data-keys.ts'
import { DeliveryQueue } from '../../gateways/delivery-queue.ts'
import { documentClient } from '../../stores/table.ts'
import { DeliveryStore } from '../../stores/webhook-deliveries.ts'
import { WebhookMark } from '../../stores/webhook-mark.ts'
import { TargetStore } from '../../stores/webhook-targets.ts'
import { WebhookStore } from '../../stores/webhooks.ts'

/** Creates the dependencies of the handler, once per cold start. */
export function createDependencies() {
  const env = config('TABLE_LIVE', 'TABLE_WEBHOOKS', 'QUEUE_DELIVERIES', 'OWN_HOSTS')
  const db = documentClient()
  return {
    webhooks: new WebhookStore(db, env.TABLE_WEBHOOKS, dataKeys),
    deliveries: new DeliveryStore(db, env.TABLE_WEBHOOKS),
    targets: new TargetStore(db, env.TABLE_WEBHOOKS),
    mark: new WebhookMark(db, env.TABLE_LIVE),
    queue: new DeliveryQueue(env.QUEUE_DELIVERIES),
    rules: { ownHosts: env.OWN_HOSTS.split(' '), allowsLocal: allowsLocalTargets() },
  }
}
