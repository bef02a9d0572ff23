import * as v from 'valibot'
import { Topic } from '../../contracts/frames.ts'
import { SiteId } from '../../contracts/names.ts'
import { seesPersonal } from '../domain/personal.ts'
import { timeToLive } from './expressions.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

const ConnectionRow = v.looseObject({
  site: SiteId,
  keyId: v.string(),
  scopes: v.array(v.string()),
  /** When its key expires, Unix milliseconds; the connection may stay open for longer. */
  until: v.optional(v.number()),
})
export type ConnectionRow = v.InferOutput<typeof ConnectionRow>
const SubscriptionRow = v.looseObject({
  sk: v.string(),
  personal: v.optional(v.boolean(), false),
  extensions: v.optional(v.array(v.string())),
  until: v.optional(v.number()),
})

const SiteConnectionRow = v.looseObject({ sk: v.string(), keyId: v.optional(v.unknown()) })

/** A connection that has subscribed to a topic. */
export interface Subscriber {
  id: string
  /** True if it may see numbers and names. */
  personal: boolean
  /** The extensions that it subscribed to; all if absent. */
  extensions?: string[] | undefined
  /** When its key expires, Unix milliseconds. */
  until?: number | undefined
}

/** API Gateway closes a connection after two hours. A row that is left over expires ten minutes later. */
const connectionSeconds = 130 * 60

/** Rows are 0.1 to 0.2 KB, so a page holds 5,000 connections; a million connections of one site are 200 pages. */
const pagesMax = 1_000

/** Stores open WebSocket connections and the topics that each has subscribed to. */
export class ConnectionStore extends Store {
  async open(id: string, row: ConnectionRow, now: number): Promise<void> {
    const ttl = timeToLive(now, connectionSeconds)
    const ofSite = { pk: keys.siteConnections(row.site), sk: id, keyId: row.keyId, ttl }
    const own = { ...keys.connection(id), ...row, ttl }
    for (const item of [ofSite, own]) await this.table.put(item)
  }

  async find(id: string): Promise<ConnectionRow | undefined> {
    return this.table.get(ConnectionRow, keys.connection(id), 'consistent')
  }

  async subscribe(
    id: string,
    connection: ConnectionRow,
    topic: Topic,
    now: number,
    extensions?: string[],
  ): Promise<void> {
    await this.table.put({
      pk: keys.subscriptions(connection.site, topic),
      sk: id,
      keyId: connection.keyId,
      personal: seesPersonal(connection, 'presence'),
      ...(extensions && { extensions }),
      ...(connection.until !== undefined && { until: connection.until }),
      ttl: timeToLive(now, connectionSeconds),
    })
  }

  /** Returns the connections subscribed to a topic, read consistently: a connection that got its snapshot is among them. */
  async subscribers(site: SiteId, topic: Topic): Promise<Subscriber[]> {
    const query = { pk: keys.subscriptions(site, topic), read: 'consistent', unreadable: 'skip' } as const
    const rows = await this.table.items(SubscriptionRow, query, pagesMax)
    return rows.map(({ sk, personal, extensions, until }) => ({ id: sk, personal, extensions, until }))
  }

  /**
   * Returns the ids of a key's open connections, or of all of the site if no key is given. A connection whose row does not say
   * which key it has counts as one of every key, so that a revocation closes it.
   */
  async ofKey(site: SiteId, keyId?: string): Promise<string[]> {
    const query = { pk: keys.siteConnections(site), read: 'consistent' } as const
    const rows = await this.table.items(SiteConnectionRow, query, pagesMax)
    return rows
      .filter((row) => keyId === undefined || typeof row.keyId !== 'string' || row.keyId === keyId)
      .map(({ sk }) => sk)
  }

  /** Removes a connection and all its subscriptions; harmless if they are already removed. */
  async close(id: string, site: SiteId): Promise<void> {
    const subscriptions = Topic.options.map((topic) => ({ pk: keys.subscriptions(site, topic), sk: id }))
    const ofSite = { pk: keys.siteConnections(site), sk: id }
    for (const key of [...subscriptions, ofSite, keys.connection(id)]) await this.table.delete(key)
  }
}
