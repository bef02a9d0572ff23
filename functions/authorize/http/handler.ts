import type { APIGatewayRequestAuthorizerEventV2, APIGatewaySimpleAuthorizerWithContextResult } from 'aws-lambda'
import { callerContext } from '../../caller.ts'
import { config } from '../../config.ts'
import { secrets } from '../../secrets.ts'
import { KeyStore } from '../../stores/keys.ts'
import { documentClient } from '../../stores/table.ts'
import { identifyKey } from '../identify.ts'

const keys = new KeyStore(documentClient(), config('TABLE_ACCESS').TABLE_ACCESS)

/**
 * Authorizer of the HTTP API. API Gateway caches its answer by the `authorization` header, so the answer contains only the
 * caller; each handler decides what the caller may do. An invalid key passes as an unknown caller, so that the handler
 * refuses it with a problem document; API Gateway itself would answer a bare "Forbidden".
 */
export async function handler(
  event: APIGatewayRequestAuthorizerEventV2,
): Promise<APIGatewaySimpleAuthorizerWithContextResult<Record<string, string>>> {
  const caller = await identifyKey(event.headers?.['authorization'], await secrets(), keys, Date.now())
  return { isAuthorized: true, context: callerContext(caller) }
}
