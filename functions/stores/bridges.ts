import { createPublicKey, type KeyObject } from 'node:crypto'
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { timeToLive, unlessConditionFailed } from './table.ts'
import { keys } from './table-keys.ts'

const BridgeRow = v.looseObject({
  sk: v.string(),
  codeHash: v.string(),
  createdAt: v.number(),
  createdBy: v.string(),
  codeExpiresAt: v.number(),
  publicKey: v.optional(v.string()),
  enrolledAt: v.optional(v.number()),
  askedAt: v.optional(v.number()),
  revokedAt: v.optional(v.number()),
})
/** Times are Unix milliseconds; `publicKey` is there once the code was used. */
export type BridgeRow = v.InferOutput<typeof BridgeRow>

/** A bridge that has only its code yet. */
export interface CodeRow {
  codeHash: string
  createdAt: number
  createdBy: string
  codeExpiresAt: number
}

/** A revoked bridge is listed this long, an unused code one day after its end. */
const revokedSeconds = 30 * 86_400
const unusedSeconds = 86_400
/** A site has one bridge, and a few that were replaced. */
const listedMax = 100

/**
 * Bridges of a site: the row is made with its code and enrolled by one write, so that a code is unused or a bridge is
 * enrolled, and never anything between.
 */
export class BridgeStore {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
  }

  async putCode(site: SiteId, key: string, row: CodeRow): Promise<void> {
    const Item = { ...keys.bridge(site, key), ...row, ttl: timeToLive(row.codeExpiresAt, unusedSeconds) }
    await this.#db.send(new PutCommand({ TableName: this.#table, Item }))
  }

  /** True if the code was unused and in time, or this very key has used it. */
  async enrol(site: SiteId, key: string, codeHash: string, publicKey: string, now: number): Promise<boolean> {
    return this.#update(site, key, {
      UpdateExpression: 'SET publicKey = :publicKey, enrolledAt = if_not_exists(enrolledAt, :now) REMOVE #ttl',
      ConditionExpression:
        'codeHash = :codeHash AND attribute_not_exists(revokedAt) AND (publicKey = :publicKey OR (attribute_not_exists(publicKey) AND codeExpiresAt > :now))',
      ExpressionAttributeNames: { '#ttl': 'ttl' },
      ExpressionAttributeValues: { ':publicKey': publicKey, ':codeHash': codeHash, ':now': now },
    })
  }

  async find(site: SiteId, key: string): Promise<BridgeRow | undefined> {
    const Key = keys.bridge(site, key)
    const { Item } = await this.#db.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }))
    return Item && v.parse(BridgeRow, Item)
  }

  /** The key that verifies what this bridge signs; undefined for one that is not enrolled or not any more. */
  async bridgeKey(site: SiteId, key: string): Promise<KeyObject | undefined> {
    const row = await this.find(site, key)
    return row?.publicKey === undefined || row.revokedAt !== undefined ? undefined : createPublicKey(row.publicKey)
  }

  /** False if a request of this or a later time was answered: what was overheard opens nothing a second time. */
  async recordCredentialRequest(site: SiteId, key: string, time: number): Promise<boolean> {
    return this.#update(site, key, {
      UpdateExpression: 'SET askedAt = :time',
      ConditionExpression:
        'attribute_exists(publicKey) AND attribute_not_exists(revokedAt) AND (attribute_not_exists(askedAt) OR askedAt < :time)',
      ExpressionAttributeValues: { ':time': time },
    })
  }

  /** False if there is no such bridge. The first revocation's time stays. */
  async revoke(site: SiteId, key: string, now: number): Promise<boolean> {
    return this.#update(site, key, {
      UpdateExpression: 'SET revokedAt = if_not_exists(revokedAt, :now), #ttl = if_not_exists(#ttl, :ttl)',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeNames: { '#ttl': 'ttl' },
      ExpressionAttributeValues: { ':now': now, ':ttl': timeToLive(now, revokedSeconds) },
    })
  }

  async list(site: SiteId): Promise<BridgeRow[]> {
    const { Items = [] } = await this.#db.send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': keys.bridge(site, '').pk },
        ConsistentRead: true,
        Limit: listedMax,
      }),
    )
    return Items.map((item) => v.parse(BridgeRow, item)).sort((a, b) => a.createdAt - b.createdAt)
  }

  async removeAll(site: SiteId): Promise<number> {
    const rows = await this.list(site)
    for (const { sk } of rows) {
      await this.#db.send(new DeleteCommand({ TableName: this.#table, Key: keys.bridge(site, sk) }))
    }
    return rows.length
  }

  async #update(site: SiteId, key: string, change: Omit<UpdateCommandInput, 'TableName' | 'Key'>): Promise<boolean> {
    return unlessConditionFailed(
      this.#db.send(new UpdateCommand({ TableName: this.#table, Key: keys.bridge(site, key), ...change })),
    )
  }
}
