import { createPrivateKey } from 'node:crypto'
import { config } from '../../config.ts'
import { CommandQueues } from '../../gateways/command-queues.ts'
import { DeadLetters } from '../../gateways/dead-letters.ts'
import { EventQueue } from '../../gateways/event-queue.ts'
import { FanOutQueue } from '../../gateways/fan-out-queue.ts'
import { socketPosting } from '../../gateways/sockets.ts'
import { secrets } from '../../secrets.ts'
import { BridgeStore } from '../../stores/bridges.ts'
import { ConnectionStore } from '../../stores/connections.ts'
import { PlacedCallStore } from '../../stores/placed-calls.ts'
import { PresenceStore } from '../../stores/presence.ts'
import { SiteDirectory } from '../../stores/site-directory.ts'
import { cachedLines } from '../../stores/site-lines.ts'
import { SiteStore } from '../../stores/sites.ts'
import { documentClient } from '../../stores/table.ts'
import { TimeLineStore } from '../../stores/time-lines.ts'
import { WebhookMark } from '../../stores/webhook-mark.ts'
import { cachedKeys } from '../open-batch.ts'
import { webhookEvents } from '../webhook-events.ts'
import { lastSeenRecorder } from './last-seen.ts'
import { Pacing } from './pace.ts'
import { Tombstones } from './tombstones.ts'

const env = config(
  'STAGE',
  'TABLE_ACCESS',
  'TABLE_LIVE',
  'SOCKET_ENDPOINT',
  'DEAD_LIVE',
  'QUEUE_FAN_OUT',
  'QUEUE_EVENTS',
)
const db = documentClient()
const epochs = new SiteStore(db, env.TABLE_LIVE)
/** Dependencies of the handler, created once per cold start. */
export const dependencies = {
  keys: cachedKeys(new BridgeStore(db, env.TABLE_ACCESS), Date.now),
  deadLetters: new DeadLetters(env.DEAD_LIVE),
  presence: new PresenceStore(db, env.TABLE_LIVE),
  epochs,
  tombstones: new Tombstones(),
  connections: new ConnectionStore(db, env.TABLE_LIVE),
  placed: new PlacedCallStore(db, env.TABLE_LIVE),
  timeLines: new TimeLineStore(db, env.TABLE_LIVE),
  chunks: new FanOutQueue(env.QUEUE_FAN_OUT),
  ...socketPosting(env.SOCKET_ENDPOINT),
  webhooks: webhookEvents(new WebhookMark(db, env.TABLE_LIVE), new EventQueue(env.QUEUE_EVENTS), Date.now),
  recordLastSeen: lastSeenRecorder(epochs),
  markPbxPublished: epochs.markPbxPublished.bind(epochs),
  markBackPublished: epochs.markBackPublished.bind(epochs),
  linesOf: cachedLines(db, env.TABLE_LIVE, Date.now),
  pacing: new Pacing({
    sites: new SiteDirectory(db, env.TABLE_ACCESS),
    commands: new CommandQueues(env.STAGE),
    signingKey: async () => createPrivateKey((await secrets()).signingKey),
  }),
}
