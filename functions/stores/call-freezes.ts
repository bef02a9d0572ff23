import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
} from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { keys } from './table-keys.ts'

const FreezeRow = v.looseObject({ sk: v.string(), at: v.number() })

/** Keys that may place no call by API until someone says so again. */
export class CallFreezes {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
  }

  async freeze(site: SiteId, keyId: string, now: number): Promise<void> {
    await this.#db.send(new PutCommand({ TableName: this.#table, Item: { ...keys.callFreeze(site, keyId), at: now } }))
  }

  async isFrozen(site: SiteId, keyId: string): Promise<boolean> {
    const Key = keys.callFreeze(site, keyId)
    const { Item } = await this.#db.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }))
    return Item !== undefined
  }

  async thaw(site: SiteId, keyId: string): Promise<void> {
    await this.#db.send(new DeleteCommand({ TableName: this.#table, Key: keys.callFreeze(site, keyId) }))
  }

  /** By key id, since when (Unix milliseconds): a few at most, 60 bytes each. */
  async frozenKeys(site: SiteId): Promise<Map<string, number>> {
    const { pk } = keys.callFreeze(site, '')
    const query = {
      TableName: this.#table,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': pk },
      ConsistentRead: true,
    }
    const frozen = new Map<string, number>()
    for await (const { Items = [] } of paginateQuery({ client: this.#db }, query)) {
      for (const item of Items) {
        const { sk, at } = v.parse(FreezeRow, item)
        frozen.set(sk, at)
      }
    }
    return frozen
  }
}
