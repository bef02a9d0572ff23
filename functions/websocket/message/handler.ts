import type { APIGatewayProxyResultV2, APIGatewayProxyWebsocketEventV2 } from 'aws-lambda'
import { config } from '../../config.ts'
import { Sockets } from '../../gateways/sockets.ts'
import { ConnectionStore } from '../../stores/connections.ts'
import { PresenceStore } from '../../stores/presence.ts'
import { SiteStore } from '../../stores/sites.ts'
import { documentClient } from '../../stores/table.ts'
import { answer } from './answer.ts'

const env = config('TABLE_LIVE', 'SOCKET_ENDPOINT')
const db = documentClient()
const connections = new ConnectionStore(db, env.TABLE_LIVE)
const presence = new PresenceStore(db, env.TABLE_LIVE)
const sites = new SiteStore(db, env.TABLE_LIVE)
const sockets = new Sockets(env.SOCKET_ENDPOINT)

/** Handles every frame of a client, with any `action`. */
export async function handler(event: APIGatewayProxyWebsocketEventV2): Promise<APIGatewayProxyResultV2> {
  const { connectionId } = event.requestContext
  const connection = await connections.find(connectionId)
  const isOver = connection?.until !== undefined && connection.until <= Date.now()
  if (!connection || isOver) return { statusCode: 410 }
  const dependencies = {
    connections,
    presence,
    bridgeStatus: sites.bridgeStatus.bind(sites),
    epoch: sites.epoch.bind(sites),
    now: Date.now(),
  }
  for await (const frame of answer(connectionId, connection, event.body ?? '', dependencies)) {
    await sockets.post(connectionId, JSON.stringify({ ...frame, t: Date.now() }))
  }
  return { statusCode: 200 }
}
