import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import {
  BatchGetCommand,
  BatchWriteCommand,
  type BatchWriteCommandInput,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { SwitchhookError } from '../../contracts/errors.ts'
import { logMetrics, logOutcome } from '../log.ts'
import { type Change, type Condition, expression, type Query, toQueryInput } from './expressions.ts'

export const ItemKey = v.object({ pk: v.string(), sk: v.string() })
export type ItemKey = v.InferOutput<typeof ItemKey>
export type Item = Record<string, unknown>
/** A consistent read sees every write that was acknowledged before; an eventual one costs half and may miss the last second. */
export type Read = 'consistent' | 'eventual'
/** One put or delete of a batch. */
export type BatchWrite = NonNullable<NonNullable<BatchWriteCommandInput['RequestItems']>[string]>[number]

/** Where the pages of a query end, if the partition does not end before. */
export interface PageLimits {
  /** Requests of 1 MB each, unless the query names a limit of items. */
  pagesMax: number
  /** Returns true when the invocation has no time left for another page. */
  isOver?: (() => boolean) | undefined
  /** Starts behind this item, which need not exist. */
  after?: ItemKey | undefined
}

/** DynamoDB's own limits of a batch. */
export const batchGetMax = 100
export const batchWriteMax = 25

/** A query has more pages than its store expects. */
export class QueryTooLongError extends SwitchhookError {
  readonly errorId = 'query-too-long'
}

/** The invocation has no time left. What it has written is kept, and the next invocation continues. */
export class OutOfTimeError extends SwitchhookError {
  readonly errorId = 'out-of-time'
  override shouldRetry(): boolean {
    return true
  }
}

/**
 * The schema of a stored item: what it returns, it accepts again, because stores write back what they have read. A schema that
 * transforms, for example digits to a number, does not compile here.
 */
export type StoredSchema<S extends v.GenericSchema> = v.InferOutput<S> extends v.InferInput<S> ? S : never

/** One DynamoDB table. Each item that is read is parsed with a schema; each read says whether it is consistent. */
export class Table {
  readonly #db: DynamoDBDocumentClient
  readonly #name: string
  constructor(db: DynamoDBDocumentClient, name: string) {
    this.#db = db
    this.#name = name
  }

  async get<S extends v.GenericSchema>(
    schema: StoredSchema<S>,
    key: ItemKey,
    read: Read,
  ): Promise<v.InferOutput<S> | undefined> {
    const command = new GetCommand({ TableName: this.#name, Key: key, ConsistentRead: read === 'consistent' })
    const { Item } = await this.#db.send(command)
    return Item && v.parse(schema, Item)
  }

  /** Gets up to 100 items. `unprocessed` are the keys that DynamoDB was too busy to read. */
  async batchGet(keys: readonly ItemKey[], read: Read): Promise<{ items: Item[]; unprocessed: ItemKey[] }> {
    const request = { Keys: [...keys], ConsistentRead: read === 'consistent' }
    const command = new BatchGetCommand({ RequestItems: { [this.#name]: request } })
    const { Responses, UnprocessedKeys } = await this.#db.send(command)
    const unprocessed = UnprocessedKeys?.[this.#name]?.Keys ?? []
    return { items: Responses?.[this.#name] ?? [], unprocessed: unprocessed.map((key) => v.parse(ItemKey, key)) }
  }

  async put(item: Item): Promise<void> {
    await this.#db.send(new PutCommand({ TableName: this.#name, Item: item }))
  }

  /** Puts the item if the condition holds for the stored one; returns false if it does not. */
  async putIf(item: Item, condition: Condition): Promise<boolean> {
    const command = new PutCommand({ TableName: this.#name, Item: item, ...expression(condition) })
    return unlessConditionFailed(this.#db.send(command))
  }

  /** Changes an item, or creates it; returns false if the condition of the change does not hold. */
  async update(key: ItemKey, change: Change): Promise<boolean> {
    return (await this.updateReturning(key, change)) !== undefined
  }

  /** The same, but returns the attributes before (`ALL_OLD`) or after the change; undefined if the condition does not hold. */
  async updateReturning(key: ItemKey, change: Change, returns?: 'ALL_OLD' | 'ALL_NEW'): Promise<Item | undefined> {
    const input = { TableName: this.#name, Key: key, ...expression(change), ...(returns && { ReturnValues: returns }) }
    return attributesUnlessConditionFailed(this.#db.send(new UpdateCommand(input)))
  }

  async delete(key: ItemKey): Promise<void> {
    await this.#db.send(new DeleteCommand({ TableName: this.#name, Key: key }))
  }

  /** Deletes the item if the condition holds; returns false if it does not. */
  async deleteIf(key: ItemKey, condition: Condition): Promise<boolean> {
    const command = new DeleteCommand({ TableName: this.#name, Key: key, ...expression(condition) })
    return unlessConditionFailed(this.#db.send(command))
  }

  /** Deletes the item and returns it, so that one caller alone gets it; undefined if the condition does not hold. */
  async take(key: ItemKey, condition: Condition): Promise<Item | undefined> {
    const input = { TableName: this.#name, Key: key, ...expression(condition), ReturnValues: 'ALL_OLD' as const }
    return attributesUnlessConditionFailed(this.#db.send(new DeleteCommand(input)))
  }

  /** Writes up to 25 items. Returns the writes that DynamoDB was too busy for. */
  async batchWrite(writes: readonly BatchWrite[]): Promise<BatchWrite[]> {
    const command = new BatchWriteCommand({ RequestItems: { [this.#name]: [...writes] } })
    const { UnprocessedItems } = await this.#db.send(command)
    return UnprocessedItems?.[this.#name] ?? []
  }

  /** Reads one page. `next` is where the following page starts, undefined on the last one. */
  async page<S extends v.GenericSchema>(schema: StoredSchema<S>, query: Query, next?: Item) {
    const start = next && { ExclusiveStartKey: next }
    const command = new QueryCommand({ TableName: this.#name, ...toQueryInput(query), ...start })
    const { Items = [], LastEvaluatedKey, ConsumedCapacity } = await this.#db.send(command)
    const items = query.unreadable ? readableOf(schema, Items) : Items.map((item) => v.parse(schema, item))
    return { items, next: LastEvaluatedKey, capacityUnits: ConsumedCapacity?.CapacityUnits ?? 0 }
  }

  /** Reads page after page; each is read only when the caller has dealt with the one before. */
  async *pages<S extends v.GenericSchema>(
    schema: StoredSchema<S>,
    query: Query,
    { pagesMax, isOver, after }: PageLimits,
  ): AsyncGenerator<v.InferOutput<S>[]> {
    let start: Item | undefined = after
    for (let page = 0; page < pagesMax; page += 1) {
      if (isOver?.()) throw new OutOfTimeError('the invocation has no time left')
      const { items, next } = await this.page(schema, query, start)
      yield items
      if (!next) return
      start = next
    }
    throw new QueryTooLongError(`a query of ${this.#name} has more than ${pagesMax} pages`)
  }

  /** Reads the whole table page by page and returns the items whose partition key begins with a prefix. */
  async *scan<S extends v.GenericSchema>(
    schema: StoredSchema<S>,
    prefix: string,
    { pagesMax, isOver, after }: PageLimits,
  ): AsyncGenerator<v.InferOutput<S>[]> {
    const filter = { FilterExpression: 'begins_with(pk, :prefix)', ExpressionAttributeValues: { ':prefix': prefix } }
    let start: Item | undefined = after
    for (let page = 0; page < pagesMax; page += 1) {
      if (isOver?.()) throw new OutOfTimeError('the invocation has no time left')
      const from = start && { ExclusiveStartKey: start }
      const command = new ScanCommand({ TableName: this.#name, ConsistentRead: true, ...filter, ...from })
      const { Items = [], LastEvaluatedKey } = await this.#db.send(command)
      yield Items.map((item) => v.parse(schema, item))
      if (!LastEvaluatedKey) return
      start = LastEvaluatedKey
    }
    throw new QueryTooLongError(`a scan of ${this.#name} has more than ${pagesMax} pages`)
  }

  /** Reads every item of a query. */
  async items<S extends v.GenericSchema>(
    schema: StoredSchema<S>,
    query: Query,
    pagesMax: number,
  ): Promise<v.InferOutput<S>[]> {
    const found: v.InferOutput<S>[] = []
    for await (const items of this.pages(schema, query, { pagesMax })) found.push(...items)
    return found
  }
}

/** Returns the items that the schema accepts. Logs the partition of the others; a sort key may be a number. */
export function readableOf<S extends v.GenericSchema>(schema: S, items: readonly Item[]): v.InferOutput<S>[] {
  return items.flatMap((item) => {
    const parsed = v.safeParse(schema, item)
    if (parsed.success) return [parsed.output]
    const [issue] = parsed.issues
    const where = issue && v.getDotPath(issue)
    const [site = ''] = String(item['site'] ?? item['pk']).split('#')
    logMetrics(site, { UnreadableRows: 1 })
    logOutcome('error', 'row-unreadable', { pk: String(item['pk']), field: where ?? undefined })
    return []
  })
}

/** Base class of the stores: a store reads and writes one table. */
export abstract class Store {
  protected readonly table: Table
  constructor(db: DynamoDBDocumentClient, tableName: string) {
    this.table = new Table(db, tableName)
  }
}

let client: DynamoDBDocumentClient | undefined

/** Returns the process's only client, which keeps its connections open between invocations. */
export function documentClient(): DynamoDBDocumentClient {
  // Five tries take a second or two of the function's ten. What still fails is delivered again by SQS a minute later.
  client ??= DynamoDBDocumentClient.from(new DynamoDBClient({ maxAttempts: 5 }), {
    marshallOptions: { removeUndefinedValues: true },
  })
  return client
}

async function unlessConditionFailed(sending: Promise<{ Attributes?: Item | undefined }>): Promise<boolean> {
  return (await attributesUnlessConditionFailed(sending)) !== undefined
}

async function attributesUnlessConditionFailed(
  sending: Promise<{ Attributes?: Item | undefined }>,
): Promise<Item | undefined> {
  try {
    return (await sending).Attributes ?? {}
  } catch (error) {
    if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return undefined
    throw error
  }
}
