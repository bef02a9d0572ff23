import type { APIGatewayProxyResultV2, APIGatewayProxyWebsocketEventV2 } from 'aws-lambda'
import * as v from 'valibot'
import { ClientFrame, type ServerFrame } from '../../../contracts/frames.ts'
import { clientFrameBytesMax } from '../../../contracts/limits.ts'
import { config } from '../../config.ts'
import { Sockets } from '../../gateways/sockets.ts'
import { logOutcome } from '../../log.ts'
import { type ConnectionRow, ConnectionStore } from '../../stores/connections.ts'
import { PresenceStore } from '../../stores/presence.ts'
import { SiteStore } from '../../stores/sites.ts'
import { documentClient } from '../../stores/table.ts'
import { subscribe } from './subscribe.ts'

const env = config('TABLE_LIVE', 'SOCKET_ENDPOINT')
const db = documentClient()
const connections = new ConnectionStore(db, env.TABLE_LIVE)
const presence = new PresenceStore(db, env.TABLE_LIVE)
const sites = new SiteStore(db, env.TABLE_LIVE)
const sockets = new Sockets(env.SOCKET_ENDPOINT)

/** Every frame of a client, whatever its `action`: an unknown one is answered, not dropped. */
export async function handler(event: APIGatewayProxyWebsocketEventV2): Promise<APIGatewayProxyResultV2> {
  const { connectionId } = event.requestContext
  const connection = await connections.find(connectionId)
  if (!connection) return { statusCode: 410 }
  for await (const frame of answer(connectionId, connection, event.body ?? '')) await sockets.post(connectionId, frame)
  return { statusCode: 200 }
}

async function* answer(id: string, connection: ConnectionRow, text: string): AsyncGenerator<ServerFrame> {
  const { frame, refused } = parseFrame(text)
  if (refused) {
    logOutcome('info', 'frame-refused', { site: connection.site, connectionId: id, errorId: refused.errorId })
    yield { type: 'error', ...refused }
  } else if (frame.action === 'ping') {
    const lastHeard = await sites.lastHeard(connection.site)
    yield { type: 'pong', ...(lastHeard && { lastHeard }) }
  } else if (!connection.scopes.includes('presence:read')) {
    yield { type: 'error', errorId: 'scope-missing', detail: 'The key lacks the scope presence:read.' }
  } else {
    const lastHeard = (site: string) => sites.lastHeard(site)
    for (const topic of new Set(frame.topics)) {
      yield* await subscribe(id, connection, topic, { connections, presence, lastHeard, now: Date.now() })
    }
  }
}

type Parsed = { frame: ClientFrame; refused?: never } | { frame?: never; refused: { errorId: string; detail: string } }

function parseFrame(text: string): Parsed {
  if (Buffer.byteLength(text) > clientFrameBytesMax) {
    return refuse('frame-too-large', `A frame has at most ${clientFrameBytesMax} bytes.`)
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return refuse('frame-not-json', 'A frame is one JSON object.')
  }
  const parsed = v.safeParse(ClientFrame, json)
  if (parsed.success) return { frame: parsed.output }
  const [issue] = parsed.issues
  return refuse('frame-invalid', `${v.getDotPath(issue) ?? 'frame'}: ${issue.message}`.slice(0, 300))
}

function refuse(errorId: string, detail: string): Parsed {
  return { refused: { errorId, detail } }
}
