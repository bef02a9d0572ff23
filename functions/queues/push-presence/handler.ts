import type { SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { config } from '../../config.ts'
import { DeadLetters } from '../../gateways/dead-letters.ts'
import { FanOutQueue } from '../../gateways/fan-out-queue.ts'
import { socketPosting } from '../../gateways/posting.ts'
import { BridgeStore } from '../../stores/bridges.ts'
import { ConnectionStore } from '../../stores/connections.ts'
import { PlacedCallStore } from '../../stores/placed-calls.ts'
import { PresenceStore } from '../../stores/presence.ts'
import { SiteStore } from '../../stores/sites.ts'
import { documentClient } from '../../stores/table.ts'
import { TimeLineStore } from '../../stores/time-lines.ts'
import { cachedKeys } from '../open-batch.ts'
import { noteHeard } from './heard.ts'
import { pushBatch } from './push-batch.ts'
import { Tombstones } from './tombstones.ts'

const env = config('TABLE_ACCESS', 'TABLE_LIVE', 'SOCKET_ENDPOINT', 'DEAD_LIVE', 'QUEUE_FAN_OUT')
const db = documentClient()
const epochs = new SiteStore(db, env.TABLE_LIVE)
const pushing = {
  keys: cachedKeys(new BridgeStore(db, env.TABLE_ACCESS), Date.now),
  aside: new DeadLetters(env.DEAD_LIVE),
  presence: new PresenceStore(db, env.TABLE_LIVE),
  epochs,
  tombstones: new Tombstones(),
  connections: new ConnectionStore(db, env.TABLE_LIVE),
  placed: new PlacedCallStore(db, env.TABLE_LIVE),
  timeLines: new TimeLineStore(db, env.TABLE_LIVE),
  chunks: new FanOutQueue(env.QUEUE_FAN_OUT),
  ...socketPosting(env.SOCKET_ENDPOINT),
  heard: noteHeard(epochs),
}

/** The `live` queue. */
export async function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  const failed = await pushBatch(event.Records, pushing)
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) }
}
