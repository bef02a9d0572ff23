import { randomUUID } from 'node:crypto'
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  ResourceInUseException,
} from '@aws-sdk/client-dynamodb'
import { DeleteCommand, DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb'
import dynalite from 'dynalite'

export interface TestTables extends AsyncDisposable {
  db: DynamoDBDocumentClient
  table: string
  /** Returns all items of the table for a comparison; product code never scans. */
  items(): Promise<Record<string, unknown>[]>
  /** Deletes an item, as if it had never been written. */
  delete(item: Record<string, unknown> | undefined): Promise<void>
}

/** Endpoint of another DynamoDB; the campaign `dynamodb-local` sets it. */
const given = process.env['TEST_DYNAMODB_ENDPOINT']

/** Key schema of every table of the product. */
export const tableOfKeys = {
  AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' as const },
    { AttributeName: 'sk', KeyType: 'RANGE' as const },
  ],
}

/**
 * Creates a table with the product's key schema: in a new emulator in memory or in a folder, or at the given endpoint. `kept` is
 * the name of a table that is used if it exists in the folder, and else created.
 */
export async function startTables({
  folder,
  kept,
}: {
  folder?: string | undefined
  kept?: string
} = {}): Promise<TestTables> {
  await using starting = new AsyncDisposableStack()
  const endpoint = given ?? (await startEmulator(starting, folder))
  const client = new DynamoDBClient({
    endpoint,
    region: 'eu-west-3',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
  starting.defer(() => client.destroy())
  const table = kept ?? `test-${randomUUID()}`
  try {
    await client.send(new CreateTableCommand({ TableName: table, BillingMode: 'PAY_PER_REQUEST', ...tableOfKeys }))
  } catch (error) {
    if (kept === undefined || !(error instanceof ResourceInUseException)) throw error
  }
  if (given) starting.defer(async () => void (await client.send(new DeleteTableCommand({ TableName: table }))))
  const db = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } })
  const started = starting.move()
  return {
    db,
    table,
    items: async () => {
      const items: Record<string, unknown>[] = []
      // A page has 1 MB; the loop ends after the last one.
      for await (const page of paginateScan({ client: db }, { TableName: table, ConsistentRead: true }))
        items.push(...(page.Items ?? []))
      return items
    },
    delete: async (item) => {
      const Key = { pk: item?.['pk'], sk: item?.['sk'] }
      await db.send(new DeleteCommand({ TableName: table, Key }))
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  }
}

async function startEmulator(starting: AsyncDisposableStack, folder: string | undefined): Promise<string> {
  const server = dynalite({ createTableMs: 0, ...(folder !== undefined && { path: folder }) })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  starting.defer(() => new Promise<void>((resolve) => server.close(() => resolve())))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://127.0.0.1:${address.port}`
}
