import type { SQSBatchResponse, SQSEvent } from 'aws-lambda'
import type { BridgeEvent } from '../../../contracts/events.ts'
import { type ServerFrame, Topic } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { config } from '../../config.ts'
import { foldPresence, type SiteFold } from '../../domain/presence-fold.ts'
import { Sockets } from '../../gateways/sockets.ts'
import { describeError, logOutcome } from '../../log.ts'
import { AccessStore } from '../../stores/access.ts'
import { ConnectionStore } from '../../stores/connections.ts'
import { PresenceStore } from '../../stores/presence.ts'
import { SiteStore } from '../../stores/sites.ts'
import { documentClient } from '../../stores/table.ts'
import { cachedKeys, type OpenedMessage, openMessage } from '../open-batch.ts'
import { fanOut } from './fan-out.ts'
import { noteHeard } from './heard.ts'
import { updatePresence } from './push-presence.ts'

const env = config('TABLE_ACCESS', 'TABLE_LIVE', 'SOCKET_ENDPOINT')
const db = documentClient()
const keys = cachedKeys(new AccessStore(db, env.TABLE_ACCESS), Date.now)
const presence = new PresenceStore(db, env.TABLE_LIVE)
const sites = new SiteStore(db, env.TABLE_LIVE)
const connections = new ConnectionStore(db, env.TABLE_LIVE)
const sockets = new Sockets(env.SOCKET_ENDPOINT)
const heard = noteHeard(sites)

/** The `live` queue: a batch is folded by site; messages of a site that fails are delivered again, the others are done. */
export async function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  const now = Date.now()
  const opened = await Promise.all(event.Records.map((record) => openMessage(record, keys)))
  const failed = event.Records.filter((_, i) => !opened[i]).map(({ messageId }) => messageId)
  const bySite = Map.groupBy(
    opened.filter((message) => message !== undefined),
    ({ site }) => site,
  )
  const outcomes = [...bySite].map(async ([site, messages]) => {
    if (!(await pushSite(site, messages, now))) failed.push(...messages.map(({ messageId }) => messageId))
  })
  await Promise.all(outcomes)
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) }
}

async function pushSite(site: SiteId, messages: OpenedMessage[], now: number): Promise<boolean> {
  try {
    const fold = foldPresence(site, messages.flatMap(eventsOf))
    const [deltas] = await Promise.all([updatePresence(fold, { presence, epochs: sites }, now), heard(fold, now)])
    const count = await fanOut(site, frames(fold, deltas), { connections, sockets, now: Date.now })
    const level = count.failed + count.unreached > 0 ? 'warn' : 'info'
    logOutcome(level, 'presence', { site, entities: fold.entities.length, ms: Date.now() - now, ...count })
    return true
  } catch (error) {
    logOutcome('error', 'presence-failed', { site, error: describeError(error) })
    return false
  }
}

/** A line that is no event is lost to presence: the bridge's next assertion of that entity heals it. */
function eventsOf(message: OpenedMessage): BridgeEvent[] {
  return message.lines.flatMap((line) => {
    if ('event' in line) return [line.event]
    logOutcome('warn', 'line-refused', { site: message.site, errorId: line.errorId, messageId: message.messageId })
    return []
  })
}

function frames(fold: SiteFold, deltas: Extract<ServerFrame, { type: 'delta' }>[]) {
  const gaps = fold.gaps.map(({ data }) => ({ topics: Topic.options, frame: { type: 'gap' as const, ...data } }))
  return [...gaps, ...deltas.map((frame) => ({ topics: [frame.topic], frame }))]
}
