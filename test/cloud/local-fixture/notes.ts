import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb'
import { SQSClient } from '@aws-sdk/client-sqs'
import type { LocalCloud } from '../../../infra/local/local-cloud.ts'

/** Clients of the person who deploys, who may do everything. */
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

/** What the fixture's functions wrote down under `pk`, those whose sort key contains `part`. */
// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever shape was written down
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
