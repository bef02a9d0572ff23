import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DeleteCommand, DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb'
import dynalite from 'dynalite'

export interface TestTables extends AsyncDisposable {
  db: DynamoDBDocumentClient
  table: string
  /** All items of the table, for a test to compare; product code never scans. */
  items(): Promise<Record<string, unknown>[]>
  /** Takes an item out, as if its write had never come. */
  delete(item: Record<string, unknown> | undefined): Promise<void>
}

/** A DynamoDB emulator of its own, in memory, with one table of the keys that all ours have. */
export async function startTables(): Promise<TestTables> {
  const server = dynalite({ createTableMs: 0 })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${address.port}`,
    region: 'eu-west-3',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
  const table = 'test'
  await client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  )
  const db = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } })
  return {
    db,
    table,
    items: async () => (await db.send(new ScanCommand({ TableName: table, ConsistentRead: true }))).Items ?? [],
    delete: async (item) => {
      const Key = { pk: item?.['pk'], sk: item?.['sk'] }
      await db.send(new DeleteCommand({ TableName: table, Key }))
    },
    [Symbol.asyncDispose]: async () => {
      client.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
