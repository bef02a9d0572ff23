import type { SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { config } from '../../config.ts'
import { Sockets } from '../../gateways/sockets.ts'
import { AccessStore } from '../../stores/access.ts'
import { ConnectionStore } from '../../stores/connections.ts'
import { PresenceStore } from '../../stores/presence.ts'
import { SiteStore } from '../../stores/sites.ts'
import { documentClient } from '../../stores/table.ts'
import { cachedKeys, openMessage } from '../open-batch.ts'
import { noteHeard } from './heard.ts'
import { pushSite } from './push-site.ts'

const env = config('TABLE_ACCESS', 'TABLE_LIVE', 'SOCKET_ENDPOINT')
const db = documentClient()
const keys = cachedKeys(new AccessStore(db, env.TABLE_ACCESS), Date.now)
const epochs = new SiteStore(db, env.TABLE_LIVE)
const presence = new PresenceStore(db, env.TABLE_LIVE)
const connections = new ConnectionStore(db, env.TABLE_LIVE)
const sockets = new Sockets(env.SOCKET_ENDPOINT)
const pushing = { presence, epochs, connections, sockets, heard: noteHeard(epochs), now: Date.now }

/** The `live` queue: a batch is folded by site; messages of a site that fails come again, the others are done. */
export async function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  const opened = await Promise.all(event.Records.map((record) => openMessage(record, keys)))
  const refused = event.Records.filter((_, i) => !opened[i]).map(({ messageId }) => messageId)
  const messages = opened.filter((message) => message !== undefined)
  const sites = [...Map.groupBy(messages, ({ site }) => site)]
  const pushed = await Promise.all(sites.map(([site, own]) => pushSite(site, own, pushing)))
  const failed = sites.flatMap(([, own], i) => (pushed[i] ? [] : own.map(({ messageId }) => messageId)))
  return { batchItemFailures: [...refused, ...failed].map((itemIdentifier) => ({ itemIdentifier })) }
}
