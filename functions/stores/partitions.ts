import { BatchWriteCommand, type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'

const ItemKey = v.object({ pk: v.string(), sk: v.string() })
export type ItemKey = v.InferOutput<typeof ItemKey>

/** DynamoDB's own limit of a BatchWrite. */
const batchMax = 25

/** The time of this invocation is over; what was removed is removed, and the next one goes on. */
export class OutOfTimeError extends Error {
  readonly errorId = 'out-of-time'
  shouldRetry(): boolean {
    return true
  }
}

/** Removes whole partitions of one table. */
export class PartitionStore {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  readonly #isOver: () => boolean
  /** `isOver` says when an invocation has to end. */
  constructor(db: DynamoDBDocumentClient, table: string, isOver: () => boolean) {
    this.#db = db
    this.#table = table
    this.#isOver = isOver
  }

  /** Removes what stands in a partition, or of it what begins with `prefix` or `isWhole`ly is it. Answers how many items there were. */
  async empty(pk: string, prefix = '', isWhole = false): Promise<number> {
    let removed = 0
    for await (const page of this.pages(pk, prefix)) {
      removed += await this.remove(isWhole ? page.filter(({ sk }) => sk === prefix) : page)
    }
    return removed
  }

  async has(pk: string): Promise<boolean> {
    if (this.#isOver()) throw new OutOfTimeError()
    const { Items = [] } = await this.#db.send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': pk },
        ProjectionExpression: 'pk',
        ConsistentRead: true,
        Limit: 1,
      }),
    )
    return Items.length > 0
  }

  /** Keys in a partition, a page at a time, each page read after the one before it was dealt with. */
  async *pages(pk: string, prefix = ''): AsyncGenerator<ItemKey[]> {
    const begins = prefix === '' ? '' : ' AND begins_with(sk, :prefix)'
    let ExclusiveStartKey: Record<string, unknown> | undefined
    do {
      if (this.#isOver()) throw new OutOfTimeError()
      const page = await this.#db.send(
        new QueryCommand({
          TableName: this.#table,
          KeyConditionExpression: `pk = :pk${begins}`,
          ExpressionAttributeValues: { ':pk': pk, ...(prefix !== '' && { ':prefix': prefix }) },
          ProjectionExpression: 'pk, sk',
          ConsistentRead: true,
          ...(ExclusiveStartKey && { ExclusiveStartKey }),
        }),
      )
      yield (page.Items ?? []).map((item) => v.parse(ItemKey, item))
      ExclusiveStartKey = page.LastEvaluatedKey
    } while (ExclusiveStartKey)
  }

  async remove(items: readonly ItemKey[]): Promise<number> {
    for (let from = 0; from < items.length; from += batchMax) {
      let requests = items.slice(from, from + batchMax).map((Key) => ({ DeleteRequest: { Key } }))
      // What DynamoDB puts off comes back as unprocessed; each turn gets some done, and time ends it otherwise.
      while (requests.length > 0) {
        if (this.#isOver()) throw new OutOfTimeError()
        const { UnprocessedItems } = await this.#db.send(
          new BatchWriteCommand({ RequestItems: { [this.#table]: requests } }),
        )
        const left = (UnprocessedItems?.[this.#table] ?? []).map((one) => v.parse(ItemKey, one.DeleteRequest?.Key))
        requests = left.map((Key) => ({ DeleteRequest: { Key } }))
      }
    }
    return items.length
  }
}
