import {
  type ClientFrame,
  type EntityTopic,
  protocolVersion,
  type ResumeFrame,
  type ServerFrame,
} from '../../../contracts/frames.ts'
import { recentMs } from '../../../contracts/limits.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { digestOf } from '../../domain/digest.ts'
import { concerns } from '../../domain/topic-filter.ts'
import { logOutcome } from '../../log.ts'
import type { ConnectionRow } from '../../stores/connections.ts'
import { parseFrame } from './parse-frame.ts'
import { type AnswerDependencies, type SubscriptionRequest, subscribe } from './subscribe.ts'

/** Clocks of two functions differ by so much at the most; a stamp of the future is none that we gave. */
const clockMsMax = 2_000

/** The frames that answer one frame of a client; what it got wrong is answered too, never dropped. */
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
    yield await pong(connection.site, frame, dependencies)
  } else if (frame?.action === 'subscribe') {
    const { extensions } = frame
    for (const topic of new Set(frame.topics))
      yield* await subscribe(topic, { id, connection, extensions }, dependencies)
  } else if (frame) {
    yield* resume(frame, { id, connection, since: frame.w }, dependencies)
  }
}

function refuse(frame: ClientFrame, { scopes }: ConnectionRow, now: number) {
  if (frame.action === 'ping') return undefined
  if (!scopes.includes('presence:read')) {
    return { errorId: 'scope-missing', detail: 'The key lacks the scope presence:read.' }
  }
  if ((frame.protocol ?? protocolVersion) !== protocolVersion) {
    return { errorId: 'protocol-unsupported', detail: `This speaks version ${protocolVersion} of the protocol alone.` }
  }
  if (frame.action === 'resume' && frame.w > now + clockMsMax) {
    return { errorId: 'resume-from-future', detail: 'The stamp w lies in the future: subscribe instead.' }
  }
  return undefined
}

/** Of another epoch than the client's everything has been told anew, so it is read anew as well. */
async function* resume(
  frame: ResumeFrame,
  wish: SubscriptionRequest,
  dependencies: AnswerDependencies,
): AsyncGenerator<ServerFrame> {
  const epoch = await dependencies.epoch(wish.connection.site)
  const { since, ...whole } = wish
  if (epoch !== frame.epoch) yield { type: 'reset', epoch, reason: 'the bridge began anew while you were away' }
  for (const topic of new Set(frame.topics)) {
    yield* await subscribe(topic, epoch === frame.epoch ? wish : whole, dependencies)
  }
}

async function pong(
  site: SiteId,
  { topics = [], extensions }: Extract<ClientFrame, { action: 'ping' }>,
  { bridgeStatus, presence, now }: AnswerDependencies,
): Promise<ServerFrame> {
  const digest = async (topic: EntityTopic) => {
    if (!topics.includes(topic)) return undefined
    // Half the price; what it is behind, it makes good before the client asks a second time.
    const rows = await presence.rows(site, topic, 'eventual')
    const settled = rows.flatMap(({ entity, ended, w }) => (entity && !ended && w <= now - recentMs ? [entity] : []))
    const recent = rows.filter(({ w }) => w > now - recentMs).map(({ id }) => id)
    return { ...digestOf(settled.filter((entity) => concerns(entity, extensions))), recent }
  }
  const [heard, endpoints, calls] = await Promise.all([bridgeStatus(site, now), digest('endpoints'), digest('calls')])
  const digests = { ...(endpoints && { endpoints }), ...(calls && { calls }) }
  return { type: 'pong', ...heard, ...(topics.length > 0 && { digests }) }
}
