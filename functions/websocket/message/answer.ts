import { fnv1a32 } from '../../../contracts/fnv1a.ts'
import {
  type ClientFrame,
  type Digest,
  type Entity,
  type EntityTopic,
  protocolVersion,
  type ResumeFrame,
  type ServerFrame,
} from '../../../contracts/frames.ts'
import { recentMs } from '../../../contracts/limits.ts'
import { visibleTo } from '../../domain/personal/frames.ts'
import { logOutcome } from '../../log.ts'
import type { ConnectionRow } from '../../stores/connections.ts'
import { parseFrame } from './parse-frame.ts'
import { type AnswerDependencies, type SubscriptionRequest, subscribe } from './subscribe.ts'

/** The clocks of two functions differ by at most this much; a later time in a client's frame did not come from a function. */
const clockMsMax = 2_000

/** Yields the frames that answer a client's frame. An invalid frame is answered by an error frame. */
export async function* answer(
  id: string,
  connection: ConnectionRow,
  text: string,
  dependencies: AnswerDependencies,
): AsyncGenerator<ServerFrame> {
  const { frame, refused } = parseFrame(text)
  const error = refused ?? refuse(frame, connection, dependencies.now)
  if (error) {
    logOutcome('info', 'frame-refused', { site: connection.site, connectionId: id, errorId: error.errorId })
    yield { type: 'error', ...error }
  } else if (frame?.action === 'ping') {
    yield await pong(connection, frame, dependencies)
  } else if (frame?.action === 'subscribe') {
    const { extensions } = frame
    for (const topic of new Set(frame.topics))
      yield* await subscribe(topic, { id, connection, extensions }, dependencies)
  } else if (frame) {
    yield* resume(frame, { id, connection, since: frame.w }, dependencies)
  }
}

function refuse(frame: ClientFrame, { scopes }: ConnectionRow, now: number) {
  // Any ticket may keep its socket open; digests tell what subscriptions tell.
  if (frame.action === 'ping' && !frame.topics) return undefined
  if (!scopes.includes('presence:read')) {
    return { errorId: 'scope-missing', detail: 'The key lacks the scope presence:read.' }
  }
  if (frame.action === 'ping') return undefined
  if ((frame.protocol ?? protocolVersion) !== protocolVersion) {
    return { errorId: 'protocol-unsupported', detail: `Only version ${protocolVersion} of the protocol is supported.` }
  }
  if (frame.action === 'resume' && frame.w > now + clockMsMax) {
    return { errorId: 'resume-from-future', detail: 'w is in the future. Send a subscribe frame instead.' }
  }
  return undefined
}

/** Resumes the client's topics. If the epoch has changed, the client gets full snapshots, since all facts are new. */
async function* resume(
  frame: ResumeFrame,
  wish: SubscriptionRequest,
  dependencies: AnswerDependencies,
): AsyncGenerator<ServerFrame> {
  const epoch = await dependencies.epoch(wish.connection.site)
  const { since, ...whole } = wish
  if (epoch !== frame.epoch)
    yield { type: 'reset', epoch, reason: 'the bridge started a new epoch while the client was offline' }
  for (const topic of new Set(frame.topics)) {
    yield* await subscribe(topic, epoch === frame.epoch ? wish : whole, dependencies)
  }
}

async function pong(
  connection: ConnectionRow,
  { topics = [], extensions }: Extract<ClientFrame, { action: 'ping' }>,
  { bridgeStatus, presence, now }: AnswerDependencies,
): Promise<ServerFrame> {
  const { site, scopes } = connection
  const visible = visibleTo(connection, extensions)
  const digest = async (topic: EntityTopic) => {
    if (!topics.includes(topic)) return undefined
    // Eventual reads cost half. What this read misses, the client's next ping finds.
    const rows = await presence.rows(site, topic, 'eventual')
    const settled = rows.flatMap(({ entity, ended, w }) => (entity && !ended && w <= now - recentMs ? [entity] : []))
    const recent = rows.filter(({ w }) => w > now - recentMs).map(({ id }) => id)
    return { ...digestOf(settled.flatMap(visible)), recent }
  }
  if (!scopes.includes('presence:read')) return { type: 'pong' }
  const [status, endpoints, calls, queues] = await Promise.all([
    bridgeStatus(site, now),
    digest('endpoints'),
    digest('calls'),
    digest('queues'),
  ])
  const digests = { ...(endpoints && { endpoints }), ...(calls && { calls }), ...(queues && { queues }) }
  return { type: 'pong', ...status, ...(topics.length > 0 && { digests }) }
}

/** Returns the count and checksum by which server and client find out whether they have the same versions, in any order. */
function digestOf(entities: readonly Entity[]): Digest {
  const sum = entities.reduce((sum, { id, v, r }) => (sum + fnv1a32(`${id}@${v}.${r}`)) >>> 0, 0)
  return { count: entities.length, sum }
}
