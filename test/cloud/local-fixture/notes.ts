import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb'
import { SQSClient } from '@aws-sdk/client-sqs'
import type { LocalCloud } from '../../../infra/local/local-cloud.ts'

/** Clients with the operator's credentials, which may do everything. */
export function tables(cloud: LocalCloud, role = 'operator'): DynamoDBClient {
  return new DynamoDBClient({
    endpoint: cloud.endpoints.dynamodb,
    region: cloud.region,
    credentials: cloud.credentials(role),
    maxAttempts: 1,
  })
}
export function queues(cloud: LocalCloud, role = 'operator', tags?: Record<string, string>): SQSClient {
  return new SQSClient({
    endpoint: cloud.endpoints.sqs,
    region: cloud.region,
    credentials: cloud.credentials(role, tags),
    maxAttempts: 1,
  })
}

/** Returns the items that the fixture's functions stored under `pk` with a sort key that contains `part`. */
// biome-ignore lint/suspicious/noExplicitAny: a test reads items of any shape
export async function notes(cloud: LocalCloud, pk: string, part = ''): Promise<any[]> {
  const client = tables(cloud)
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: cloud.ref('NotesTable'),
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: pk } },
      ConsistentRead: true,
    }),
  )
  client.destroy()
  return Items.filter(({ sk }) => sk?.S?.includes(part)).map(({ text }) => JSON.parse(text?.S ?? 'null'))
}
