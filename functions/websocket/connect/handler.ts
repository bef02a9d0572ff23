import type {
  APIGatewayEventWebsocketRequestContextV2,
  APIGatewayProxyResultV2,
  APIGatewayProxyWebsocketEventV2WithRequestContext,
} from 'aws-lambda'
import { isValid } from '../../authorize/identify.ts'
import { parseCaller } from '../../caller.ts'
import { config } from '../../config.ts'
import { logOutcome } from '../../log.ts'
import { ConnectionStore } from '../../stores/connections.ts'
import { KeyStore } from '../../stores/keys.ts'
import { documentClient } from '../../stores/table.ts'

const env = config('TABLE_LIVE', 'TABLE_ACCESS')
const connections = new ConnectionStore(documentClient(), env.TABLE_LIVE)
const keys = new KeyStore(documentClient(), env.TABLE_ACCESS)

type ConnectEvent = APIGatewayProxyWebsocketEventV2WithRequestContext<
  APIGatewayEventWebsocketRequestContextV2 & { authorizer?: unknown }
>

/** `$connect`: remembers whose connection it is. Nothing can be posted to it before this has answered. */
export async function handler(event: ConnectEvent): Promise<APIGatewayProxyResultV2> {
  const { connectionId, authorizer } = event.requestContext
  const caller = parseCaller(authorizer)
  if (caller.kind !== 'key') return { statusCode: 401 }
  const { site, keyId, scopes, until } = caller
  await connections.open(connectionId, { site, keyId, scopes: [...scopes], until }, Date.now())
  // After the row, as who revokes the key looks for rows after it is revoked: one of the two sees the other.
  const key = await keys.find(keyId)
  if (!key || !isValid(key, Date.now())) {
    await connections.close(connectionId, site)
    return { statusCode: 401 }
  }
  logOutcome('info', 'connect', { site, connectionId })
  return { statusCode: 200 }
}
