import { createPublicKey, type KeyObject } from 'node:crypto'
import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { SiteId } from '../../contracts/names.ts'
import { isConditionFailed, keys, timeToLive } from './table.ts'

const KeyRow = v.looseObject({ site: SiteId, hash: v.string(), scopes: v.array(v.string()) })
export type KeyRow = v.InferOutput<typeof KeyRow>
const TicketRow = v.looseObject({ site: SiteId, keyId: v.string(), scopes: v.array(v.string()), expiresAt: v.number() })
export type TicketRow = v.InferOutput<typeof TicketRow>
const BridgeRow = v.looseObject({ publicKey: v.string() })

/** Who may do what: sites, API keys, tickets and bridges' public keys. */
export class AccessStore {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
  }

  async siteExists(site: SiteId): Promise<boolean> {
    return (await this.#get(keys.siteList(site))) !== undefined
  }

  /** False if another request made the site first. */
  async createSite(site: SiteId, row: { name: string; createdAt: string; commandQueue: string }): Promise<boolean> {
    return this.#putIfAbsent({ ...keys.siteList(site), ...row })
  }

  async putKey(prefix: string, row: KeyRow): Promise<void> {
    await this.#put({ ...keys.keyList(row.site, prefix), scopes: row.scopes })
    await this.#put({ ...keys.key(prefix), ...row })
  }

  async deleteKey(site: SiteId, prefix: string): Promise<void> {
    for (const Key of [keys.key(prefix), keys.keyList(site, prefix)]) {
      await this.#db.send(new DeleteCommand({ TableName: this.#table, Key }))
    }
  }

  async key(prefix: string): Promise<KeyRow | undefined> {
    const item = await this.#get(keys.key(prefix))
    return item && v.parse(KeyRow, item)
  }

  async putTicket(sha256: string, row: TicketRow, now: number): Promise<void> {
    await this.#put({ ...keys.ticket(sha256), ...row, ttl: timeToLive(now, 3600) })
  }

  /** Takes the ticket away and answers it: the conditional delete lets only one caller have it. */
  async redeemTicket(sha256: string, now: number): Promise<TicketRow | undefined> {
    try {
      const { Attributes } = await this.#db.send(
        new DeleteCommand({
          TableName: this.#table,
          Key: keys.ticket(sha256),
          ConditionExpression: 'expiresAt > :now',
          ExpressionAttributeValues: { ':now': now },
          ReturnValues: 'ALL_OLD',
        }),
      )
      return v.parse(TicketRow, Attributes)
    } catch (error) {
      if (isConditionFailed(error)) return undefined
      throw error
    }
  }

  async putBridgeKey(site: SiteId, keyId: string, publicKey: string): Promise<void> {
    await this.#put({ ...keys.bridge(site, keyId), publicKey })
  }

  async bridgeKey(site: SiteId, keyId: string): Promise<KeyObject | undefined> {
    const item = await this.#get(keys.bridge(site, keyId))
    return item && createPublicKey(v.parse(BridgeRow, item).publicKey)
  }

  async #get(Key: { pk: string; sk: string }): Promise<Record<string, unknown> | undefined> {
    const { Item } = await this.#db.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }))
    return Item
  }

  async #put(Item: Record<string, unknown>): Promise<void> {
    await this.#db.send(new PutCommand({ TableName: this.#table, Item }))
  }

  async #putIfAbsent(Item: Record<string, unknown>): Promise<boolean> {
    try {
      const ConditionExpression = 'attribute_not_exists(pk)'
      await this.#db.send(new PutCommand({ TableName: this.#table, Item, ConditionExpression }))
      return true
    } catch (error) {
      if (isConditionFailed(error)) return false
      throw error
    }
  }
}
