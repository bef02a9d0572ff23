import { BatchGetCommand, type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { expect, test } from 'vitest'
import { withBatchedReads } from '../../functions/stores/batched-reads.ts'
import { documentClientOver, MemoryTable } from '../simulate/presence/table.ts'

/** Goal: reads that are asked for together are one request, and each gets its own item. Method: a table in memory that notes its requests. */
function world(answer = (table: MemoryTable, command: object) => table.carryOut(command as GetCommand)) {
  const table = new MemoryTable()
  const sent: object[] = []
  const plain = documentClientOver(async (command) => {
    sent.push(command as object)
    return answer(table, command as object)
  })
  for (let n = 0; n < 150; n += 1)
    table.carryOut(new PutCommand({ TableName: 't', Item: { pk: 'a', sk: String(n), n } }))
  return { db: withBatchedReads(plain), sent }
}

async function read(db: DynamoDBDocumentClient, sk: string, ConsistentRead = true): Promise<unknown> {
  return (await db.send(new GetCommand({ TableName: 't', Key: { pk: 'a', sk }, ConsistentRead }))).Item?.['n']
}

const some = (count: number) => Array.from({ length: count }, (_, n) => n)
const kinds = (sent: readonly object[]) => sent.map((command) => command.constructor)

test('reads of the same turn are one request, each item once, and a missing item is missing', async () => {
  const { db, sent } = world()
  const found = await Promise.all(['1', '2', '1', 'none'].map((sk) => read(db, sk)))
  expect(found).toEqual([1, 2, 1, undefined])
  expect(kinds(sent)).toEqual([BatchGetCommand])
})

test('a read alone is a plain one, other commands pass, and consistent reads are not mixed with others', async () => {
  const { db, sent } = world()
  expect(await read(db, '3')).toBe(3)
  await db.send(new PutCommand({ TableName: 't', Item: { pk: 'a', sk: '3', n: 33 } }))
  expect(await Promise.all([read(db, '3'), read(db, '4', false)])).toEqual([33, 4])
  expect(kinds(sent)).toEqual([GetCommand, PutCommand, GetCommand, GetCommand])
})

test('a request has at most 100 keys', async () => {
  const { db, sent } = world()
  expect(await Promise.all(some(150).map((n) => read(db, String(n))))).toEqual(some(150))
  expect(kinds(sent)).toEqual([BatchGetCommand, BatchGetCommand])
})

test('what DynamoDB had no time for is read alone, and an error reaches all that asked', async () => {
  const busy = world((table, command) => {
    if (!(command instanceof BatchGetCommand)) return table.carryOut(command as GetCommand)
    const [item] = command.input.RequestItems?.['t']?.Keys ?? []
    return { Responses: { t: [] }, UnprocessedKeys: { t: { Keys: [item ?? {}] } } }
  })
  expect(await Promise.all([read(busy.db, '1'), read(busy.db, '2')])).toEqual([1, undefined])
  const broken = world(() => {
    throw new Error('no table')
  })
  const ends = await Promise.allSettled([read(broken.db, '1'), read(broken.db, '2')])
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})
