import {
  BatchGetCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { KeyCallRules } from '../../contracts/key.ts'
import { SiteId } from '../../contracts/names.ts'
import { timeToLive, unlessConditionFailed } from './table.ts'
import { keys } from './table-keys.ts'

/** A secret that was rotated out, and until when (Unix milliseconds) it opens. */
const OlderSecret = v.object({ hash: v.string(), until: v.number() })
const KeyRow = v.looseObject({
  site: SiteId,
  kind: v.optional(v.picklist(['key', 'board']), 'key'),
  name: v.string(),
  hash: v.string(),
  older: v.optional(v.array(OlderSecret), []),
  scopes: v.array(v.string()),
  createdAt: v.number(),
  createdBy: v.string(),
  expiresAt: v.optional(v.number()),
  lastUsedAt: v.optional(v.number()),
  rotatedAt: v.optional(v.number()),
  revokedAt: v.optional(v.number()),
  requestsMax: v.optional(v.number()),
  calls: v.optional(KeyCallRules),
})
/** Times are Unix milliseconds. */
export type KeyRow = v.InferOutput<typeof KeyRow>
const Pointer = v.looseObject({ sk: v.string() })

/** A revoked key is listed this long. */
const revokedSeconds = 30 * 86_400
/** Last use is told to the hour: one write an hour and key. */
const lastUseMs = 3_600_000
/** DynamoDB's own limit of a BatchGet. */
const batchMax = 100

/** API keys and board tokens: one row each, found by prefix, and a pointer to it from its site. */
export class KeyStore {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
  }

  /** The pointer first: one that points nowhere is passed over, a key without one could not be listed and revoked. */
  async put(prefix: string, row: KeyRow): Promise<void> {
    await this.#db.send(new PutCommand({ TableName: this.#table, Item: keys.keyList(row.site, prefix) }))
    await this.#db.send(new PutCommand({ TableName: this.#table, Item: { ...keys.key(prefix), ...row } }))
  }

  async find(prefix: string): Promise<KeyRow | undefined> {
    const Key = keys.key(prefix)
    const { Item } = await this.#db.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }))
    return Item && v.parse(KeyRow, Item)
  }

  async list(site: SiteId): Promise<{ prefix: string; row: KeyRow }[]> {
    const prefixes = await this.#prefixes(site)
    const found: { prefix: string; row: KeyRow }[] = []
    for (let from = 0; from < prefixes.length; from += batchMax) {
      let Keys = prefixes.slice(from, from + batchMax).map(keys.key)
      // What DynamoDB leaves out under load comes back as unprocessed; each turn brings some, so this ends.
      while (Keys.length > 0) {
        const request = { RequestItems: { [this.#table]: { Keys, ConsistentRead: true } } }
        const { Responses, UnprocessedKeys } = await this.#db.send(new BatchGetCommand(request))
        for (const item of Responses?.[this.#table] ?? []) {
          found.push({ prefix: String(item['pk']).slice('KEY#'.length), row: v.parse(KeyRow, item) })
        }
        Keys = (UnprocessedKeys?.[this.#table]?.Keys ?? []).map(({ pk, sk }) => ({ pk: String(pk), sk: String(sk) }))
      }
    }
    return found.filter(({ row }) => row.site === site).sort((a, b) => a.row.createdAt - b.row.createdAt)
  }

  /** One write gives a key its next secret, and the last one its end: a crash leaves the key as it was or as it shall be. */
  async rotate(prefix: string, seen: KeyRow, next: Pick<KeyRow, 'hash' | 'older'>, now: number): Promise<boolean> {
    return this.#update(prefix, {
      UpdateExpression: 'SET #hash = :hash, older = :older, rotatedAt = :now',
      ConditionExpression: '#hash = :seen AND site = :site AND attribute_not_exists(revokedAt)',
      ExpressionAttributeNames: { '#hash': 'hash' },
      ExpressionAttributeValues: {
        ':hash': next.hash,
        ':older': next.older,
        ':now': now,
        ':seen': seen.hash,
        ':site': seen.site,
      },
    })
  }

  /** False if the site has no such key. The first revocation's time stays. */
  async revoke(site: SiteId, prefix: string, now: number): Promise<boolean> {
    const values = { ':now': now, ':ttl': timeToLive(now, revokedSeconds), ':site': site }
    return this.#update(prefix, {
      UpdateExpression: 'SET revokedAt = if_not_exists(revokedAt, :now), #ttl = if_not_exists(#ttl, :ttl)',
      ConditionExpression: 'site = :site',
      ExpressionAttributeNames: { '#ttl': 'ttl' },
      ExpressionAttributeValues: values,
    })
  }

  /** Notes that the key was used, at most once an hour. */
  async touch(prefix: string, row: KeyRow, now: number): Promise<void> {
    if (row.lastUsedAt !== undefined && now - row.lastUsedAt < lastUseMs) return
    await this.#update(prefix, {
      UpdateExpression: 'SET lastUsedAt = :now',
      ConditionExpression: 'attribute_exists(pk) AND (attribute_not_exists(lastUsedAt) OR lastUsedAt < :hourAgo)',
      ExpressionAttributeValues: { ':now': now, ':hourAgo': now - lastUseMs + 1 },
    })
  }

  /** Removes every key of a site. The key first: its pointer leads a second try to it. */
  async removeAll(site: SiteId): Promise<number> {
    const prefixes = await this.#prefixes(site)
    for (const prefix of prefixes) {
      for (const Key of [keys.key(prefix), keys.keyList(site, prefix)]) {
        await this.#db.send(new DeleteCommand({ TableName: this.#table, Key }))
      }
    }
    return prefixes.length
  }

  async #prefixes(site: SiteId): Promise<string[]> {
    const { pk } = keys.keyList(site, '')
    const KeyConditionExpression = 'pk = :pk'
    const found: string[] = []
    // 60 bytes a pointer: over 15,000 keys a page.
    const pages = paginateQuery(
      { client: this.#db },
      {
        TableName: this.#table,
        KeyConditionExpression,
        ExpressionAttributeValues: { ':pk': pk },
        ConsistentRead: true,
      },
    )
    for await (const { Items = [] } of pages) found.push(...Items.map((item) => v.parse(Pointer, item).sk))
    return found
  }

  async #update(
    prefix: string,
    change: Omit<ConstructorParameters<typeof UpdateCommand>[0], 'TableName' | 'Key'>,
  ): Promise<boolean> {
    return unlessConditionFailed(
      this.#db.send(new UpdateCommand({ TableName: this.#table, Key: keys.key(prefix), ...change })),
    )
  }
}
