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

/** Handles `$connect`: stores whose connection it is. API Gateway accepts posts to it only after this handler has returned. */
export async function handler(event: ConnectEvent): Promise<APIGatewayProxyResultV2> {
  const { connectionId, authorizer } = event.requestContext
  const caller = parseCaller(authorizer)
  if (caller.kind !== 'key') return { statusCode: 401 }
  const { site, keyId, scopes, until } = caller
  await connections.open(connectionId, { site, keyId, scopes: [...scopes], until }, Date.now())
  // The key is read after the row is written, and a revocation looks for rows after it has revoked the key. So one of the
  // two always sees the other.
  const key = await keys.find(keyId)
  if (!key || !isValid(key, Date.now())) {
    await connections.close(connectionId, site)
    return { statusCode: 401 }
  }
  logOutcome('info', 'connect', { site, connectionId })
  return { statusCode: 200 }
}
