import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda'
import { callerContext } from '../../caller.ts'
import { config } from '../../config.ts'
import { KeyStore } from '../../stores/keys.ts'
import { documentClient } from '../../stores/table.ts'
import { TicketStore } from '../../stores/tickets.ts'
import { identifyTicket } from '../identify.ts'

const table = config('TABLE_ACCESS').TABLE_ACCESS
const tickets = new TicketStore(documentClient(), table)
const keys = new KeyStore(documentClient(), table)

/** Authorizer of the WebSocket API's `$connect`. A ticket opens one connection. */
export async function handler(event: APIGatewayRequestAuthorizerEvent): Promise<APIGatewayAuthorizerResult> {
  const caller = await identifyTicket(event.queryStringParameters?.['ticket'], tickets, keys, Date.now())
  const allowed = caller.kind === 'key'
  return {
    principalId: allowed ? caller.keyId : 'nobody',
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Action: 'execute-api:Invoke', Effect: allowed ? 'Allow' : 'Deny', Resource: event.methodArn }],
    },
    context: callerContext(caller),
  }
}
