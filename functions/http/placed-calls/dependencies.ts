import { config } from '../../config.ts'
import { CommandQueues } from '../../gateways/command-queues.ts'
import { EventQueue } from '../../gateways/event-queue.ts'
import { TickQueue } from '../../gateways/tick-queue.ts'
import { webhookEvents } from '../../queues/webhook-events.ts'
import { CallCaps } from '../../stores/call-caps.ts'
import { CallFreezes } from '../../stores/call-freezes.ts'
import { KeyStore } from '../../stores/keys.ts'
import { OpenCalls } from '../../stores/open-calls.ts'
import { PlacedCallStore } from '../../stores/placed-calls.ts'
import { PresenceStore } from '../../stores/presence.ts'
import { SiteDirectory } from '../../stores/site-directory.ts'
import { SiteStore } from '../../stores/sites.ts'
import { documentClient } from '../../stores/table.ts'
import { WebhookMark } from '../../stores/webhook-mark.ts'

/** Creates the dependencies of the handler, once per cold start. */
export function createDependencies() {
  const env = config('TABLE_LIVE', 'TABLE_ACCESS', 'QUEUE_WATCH', 'QUEUE_EVENTS', 'STAGE')
  const db = documentClient()
  const presence = new PresenceStore(db, env.TABLE_LIVE)
  const sites = new SiteStore(db, env.TABLE_LIVE)
  return {
    directory: new SiteDirectory(db, env.TABLE_ACCESS),
    placed: new PlacedCallStore(db, env.TABLE_LIVE),
    calls: presence.calls.bind(presence),
    commands: new CommandQueues(env.STAGE),
    reachable: { health: sites.health.bind(sites), endpoints: presence.endpoints.bind(presence) },
    caps: new CallCaps(db, env.TABLE_LIVE),
    open: new OpenCalls(db, env.TABLE_LIVE),
    freezes: new CallFreezes(db, env.TABLE_LIVE),
    keys: new KeyStore(db, env.TABLE_ACCESS),
    webhooks: webhookEvents(new WebhookMark(db, env.TABLE_LIVE), new EventQueue(env.QUEUE_EVENTS), Date.now),
    reaper: new TickQueue(env.QUEUE_WATCH),
  }
}
