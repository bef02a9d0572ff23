import { BatchGetCommand, type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'

/** DynamoDB's limit of keys in one BatchGetItem. */
const keysMax = 100

interface Read {
  command: GetCommand
  resolve(answer: object): void
  reject(error: unknown): void
}

/**
 * Returns a client whose reads of single items that are asked for at the same time go to DynamoDB together, each item once. What DynamoDB
 * had no time for is read alone.
 */
export function withBatchedReads(db: DynamoDBDocumentClient): DynamoDBDocumentClient {
  const send = db.send.bind(db) as (command: unknown) => Promise<object>
  const waiting = new Map<string, Read[]>()
  const flush = (group: string) => {
    const reads = waiting.get(group) ?? []
    waiting.delete(group)
    const byKey = [...Map.groupBy(reads, ({ command }) => keyOf(command)).values()]
    for (let from = 0; from < byKey.length; from += keysMax) void readTogether(byKey.slice(from, from + keysMax), send)
  }
  const batched = (command: unknown, ...rest: unknown[]) => {
    if (!(command instanceof GetCommand) || rest.length > 0) return send(command)
    const { promise, resolve, reject } = Promise.withResolvers<object>()
    const { TableName, ConsistentRead } = command.input
    const group = `${TableName} ${ConsistentRead}`
    const reads = waiting.get(group)
    if (reads) reads.push({ command, resolve, reject })
    else {
      waiting.set(group, [{ command, resolve, reject }])
      // After all that goes on in this turn of the event loop has asked.
      setImmediate(flush, group)
    }
    return promise
  }
  return Object.create(db, { send: { value: batched } })
}

async function readTogether(byKey: readonly Read[][], send: (command: unknown) => Promise<object>): Promise<void> {
  const [first] = byKey[0] ?? []
  if (!first) return
  const { TableName = '', ConsistentRead } = first.command.input
  try {
    const answers = new Map<string, object>()
    if (byKey.length > 1) {
      const Keys = byKey.flatMap(([read]) => (read?.command.input.Key ? [read.command.input.Key] : []))
      const answer = (await send(new BatchGetCommand({ RequestItems: { [TableName]: { Keys, ConsistentRead } } }))) as {
        Responses?: Record<string, Record<string, unknown>[]>
        UnprocessedKeys?: Record<string, { Keys?: Record<string, unknown>[] }>
      }
      const left = new Set((answer.UnprocessedKeys?.[TableName]?.Keys ?? []).map(textOf))
      const found = new Map((answer.Responses?.[TableName] ?? []).map((item) => [textOf(item), item]))
      for (const [read] of byKey) {
        const key = keyOf(read?.command)
        const Item = found.get(key)
        if (!left.has(key)) answers.set(key, Item ? { Item } : {})
      }
    }
    await Promise.all(
      byKey.map(async (reads) => {
        const [read] = reads
        const settle = (end: (one: Read) => void) => reads.forEach(end)
        try {
          const answer = answers.get(keyOf(read?.command)) ?? (await send(read?.command))
          settle(({ resolve }) => resolve(answer))
        } catch (error) {
          settle(({ reject }) => reject(error))
        }
      }),
    )
  } catch (error) {
    for (const { reject } of byKey.flat()) reject(error)
  }
}

function keyOf(command: GetCommand | undefined): string {
  return textOf(command?.input.Key ?? {})
}

function textOf({ pk, sk }: Record<string, unknown>): string {
  return JSON.stringify([pk, sk])
}
