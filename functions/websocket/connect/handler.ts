import type {
  APIGatewayEventWebsocketRequestContextV2,
  APIGatewayProxyResultV2,
  APIGatewayProxyWebsocketEventV2WithRequestContext,
} from 'aws-lambda'
import { parseCaller } from '../../caller.ts'
import { config } from '../../config.ts'
import { logOutcome } from '../../log.ts'
import { ConnectionStore } from '../../stores/connections.ts'
import { documentClient } from '../../stores/table.ts'

const connections = new ConnectionStore(documentClient(), config('TABLE_LIVE').TABLE_LIVE)

type ConnectEvent = APIGatewayProxyWebsocketEventV2WithRequestContext<
  APIGatewayEventWebsocketRequestContextV2 & { authorizer?: unknown }
>

/** `$connect`: remembers whose connection it is. Nothing can be posted to it before this has answered. */
export async function handler(event: ConnectEvent): Promise<APIGatewayProxyResultV2> {
  const { connectionId, authorizer } = event.requestContext
  const caller = parseCaller(authorizer)
  if (caller.kind !== 'key') return { statusCode: 401 }
  const { site, keyId, scopes } = caller
  await connections.open(connectionId, { site, keyId, scopes: [...scopes] }, Date.now())
  logOutcome('info', 'connect', { site, connectionId })
  return { statusCode: 200 }
}
