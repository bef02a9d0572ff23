import type { APIGatewayProxyResultV2, APIGatewayProxyWebsocketEventV2 } from 'aws-lambda'
import { config } from '../../config.ts'
import { logOutcome } from '../../log.ts'
import { ConnectionStore } from '../../stores/connections.ts'
import { documentClient } from '../../stores/table.ts'

const connections = new ConnectionStore(documentClient(), config('TABLE_LIVE').TABLE_LIVE)

/** Handles `$disconnect`. API Gateway calls it at best effort; a post to a connection that is gone removes it otherwise. */
export async function handler(event: APIGatewayProxyWebsocketEventV2): Promise<APIGatewayProxyResultV2> {
  const { connectionId } = event.requestContext
  const connection = await connections.find(connectionId)
  if (connection) await connections.close(connectionId, connection.site)
  logOutcome('info', 'disconnect', { connectionId, known: connection !== undefined })
  return { statusCode: 200 }
}
