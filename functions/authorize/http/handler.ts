import type { APIGatewayRequestAuthorizerEventV2, APIGatewaySimpleAuthorizerWithContextResult } from 'aws-lambda'
import { callerContext } from '../../caller.ts'
import { config } from '../../config.ts'
import { secrets } from '../../secrets.ts'
import { KeyStore } from '../../stores/keys.ts'
import { documentClient } from '../../stores/table.ts'
import { identifyKey } from '../identify.ts'

const keys = new KeyStore(documentClient(), config('TABLE_ACCESS').TABLE_ACCESS)

/**
 * Authorizer of the HTTP API. API Gateway caches an answer by the `authorization` header, so the answer says only who
 * calls; each handler decides what that caller may do. A bad key is let through as nobody, so that the handler can
 * refuse it with a problem document, where API Gateway would answer a bare "Forbidden".
 */
export async function handler(
  event: APIGatewayRequestAuthorizerEventV2,
): Promise<APIGatewaySimpleAuthorizerWithContextResult<Record<string, string>>> {
  const caller = await identifyKey(event.headers?.['authorization'], await secrets(), keys, Date.now())
  return { isAuthorized: true, context: callerContext(caller) }
}
