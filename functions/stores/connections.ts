import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
} from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { Topic } from '../../contracts/frames.ts'
import { SiteId } from '../../contracts/names.ts'
import { seesPersonal } from '../domain/personal.ts'
import { timeToLive } from './table.ts'
import { keys } from './table-keys.ts'

const ConnectionRow = v.looseObject({
  site: SiteId,
  keyId: v.string(),
  scopes: v.array(v.string()),
  /** When its key ends, Unix milliseconds; the connection may be open for longer. */
  until: v.optional(v.number()),
})
export type ConnectionRow = v.InferOutput<typeof ConnectionRow>
const SubscriptionRow = v.looseObject({
  sk: v.string(),
  personal: v.optional(v.boolean(), false),
  extensions: v.optional(v.array(v.string())),
  until: v.optional(v.number()),
})

const SiteConnectionRow = v.looseObject({ sk: v.string(), keyId: v.string() })

/** A connection to post to. */
export interface Subscriber {
  id: string
  /** Whether it may see numbers and names. */
  personal: boolean
  /** The extensions that it asked for; all of the topic, unless it named some. */
  extensions?: string[] | undefined
  /** When its key ends, Unix milliseconds. */
  until?: number | undefined
}

/** API Gateway ends a connection after two hours; a row that outlived it is swept ten minutes later. */
const connectionSeconds = 130 * 60

/** Open WebSocket connections and the topics each has subscribed to. */
export class ConnectionStore {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
  }

  async open(id: string, row: ConnectionRow, now: number): Promise<void> {
    const ttl = timeToLive(now, connectionSeconds)
    const ofSite = { pk: keys.siteConnections(row.site), sk: id, keyId: row.keyId, ttl }
    const own = { ...keys.connection(id), ...row, ttl }
    for (const Item of [ofSite, own]) await this.#db.send(new PutCommand({ TableName: this.#table, Item }))
  }

  async find(id: string): Promise<ConnectionRow | undefined> {
    const Key = keys.connection(id)
    const { Item } = await this.#db.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }))
    return Item && v.parse(ConnectionRow, Item)
  }

  async subscribe(
    id: string,
    connection: ConnectionRow,
    topic: Topic,
    now: number,
    extensions?: string[],
  ): Promise<void> {
    const Item = {
      pk: keys.subscriptions(connection.site, topic),
      sk: id,
      keyId: connection.keyId,
      personal: seesPersonal(connection, 'presence'),
      ...(extensions && { extensions }),
      ...(connection.until !== undefined && { until: connection.until }),
      ttl: timeToLive(now, connectionSeconds),
    }
    await this.#db.send(new PutCommand({ TableName: this.#table, Item }))
  }

  /** The connections subscribed to a topic, read consistently: none that had its snapshot is missed. */
  async subscribers(site: SiteId, topic: Topic): Promise<Subscriber[]> {
    const found: Subscriber[] = []
    // 0.2 KB a row: 5,000 subscribers a page; a site with more has one page more a 5,000.
    const pages = paginateQuery(
      { client: this.#db },
      {
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': keys.subscriptions(site, topic) },
        ConsistentRead: true,
      },
    )
    for await (const page of pages) {
      const rows = (page.Items ?? []).map((item) => v.parse(SubscriptionRow, item))
      found.push(...rows.map(({ sk, personal, extensions, until }) => ({ id: sk, personal, extensions, until })))
    }
    return found
  }

  /** Ids of a key's open connections, or of all of the site where no key is named. */
  async ofKey(site: SiteId, keyId?: string): Promise<string[]> {
    const ids: string[] = []
    // 0.1 KB a row: 10,000 connections a page.
    const pages = paginateQuery(
      { client: this.#db },
      {
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': keys.siteConnections(site) },
        ConsistentRead: true,
      },
    )
    for await (const { Items = [] } of pages) {
      const rows = Items.map((item) => v.parse(SiteConnectionRow, item))
      ids.push(...rows.filter((row) => keyId === undefined || row.keyId === keyId).map(({ sk }) => sk))
    }
    return ids
  }

  /** Removes a connection and all its subscriptions; harmless where they are gone already. */
  async close(id: string, site: SiteId): Promise<void> {
    const subscriptions = Topic.options.map((topic) => ({ pk: keys.subscriptions(site, topic), sk: id }))
    const ofSite = { pk: keys.siteConnections(site), sk: id }
    for (const Key of [...subscriptions, ofSite, keys.connection(id)]) {
      await this.#db.send(new DeleteCommand({ TableName: this.#table, Key }))
    }
  }
}
