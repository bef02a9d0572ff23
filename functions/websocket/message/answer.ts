import type { ServerFrame } from '../../../contracts/frames.ts'
import { hideFrame } from '../../domain/personal/frames.ts'
import { seesPersonal } from '../../domain/personal.ts'
import { logOutcome } from '../../log.ts'
import type { ConnectionRow } from '../../stores/connections.ts'
import { parseFrame } from './parse-frame.ts'
import { type Answering, subscribe } from './subscribe.ts'

/** The frames that answer one frame of a client; what it got wrong is answered too, never dropped. */
export async function* answer(
  connectionId: string,
  connection: ConnectionRow,
  text: string,
  answering: Answering,
): AsyncGenerator<ServerFrame> {
  const { frame, refused } = parseFrame(text)
  if (refused) {
    logOutcome('info', 'frame-refused', { site: connection.site, connectionId, errorId: refused.errorId })
    yield { type: 'error', ...refused }
  } else if (frame.action === 'ping') {
    const lastHeard = await answering.lastHeard(connection.site)
    yield { type: 'pong', ...(lastHeard && { lastHeard }) }
  } else if (!connection.scopes.includes('presence:read')) {
    yield { type: 'error', errorId: 'scope-missing', detail: 'The key lacks the scope presence:read.' }
  } else {
    const isPersonal = seesPersonal(connection, 'presence')
    for (const topic of new Set(frame.topics)) {
      for (const snapshot of await subscribe(connectionId, connection, topic, answering)) {
        yield isPersonal ? snapshot : hideFrame(snapshot)
      }
    }
  }
}
