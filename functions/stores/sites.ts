import { type DynamoDBDocumentClient, GetCommand, paginateQuery, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { ComponentHealth } from '../../contracts/facts.ts'
import { silentMsMax } from '../../contracts/limits.ts'
import type { SiteId } from '../../contracts/names.ts'
import type { Site } from '../../contracts/site.ts'
import { isConditionFailed, unlessConditionFailed } from './table.ts'
import { heartbeatShards, keys } from './table-keys.ts'

const SiteRow = v.looseObject({ epoch: v.optional(v.number()) })
const HeartbeatRow = v.looseObject({
  lastHeard: v.string(),
  pbx: v.optional(ComponentHealth),
  /** Whether subscribers were told that the bridge is silent. */
  toldSilent: v.optional(v.boolean()),
})
const HeartbeatOfSite = v.looseObject({ ...HeartbeatRow.entries, sk: v.string() })

export interface BridgeSighting {
  lastHeard: string
  run?: string
  pbx?: v.InferOutput<typeof ComponentHealth>
  counters?: Record<string, number>
}

export type SiteDescription = Pick<Site, 'country' | 'zone' | 'language' | 'retentionDays' | 'settings'>

export function isSilent(lastHeard: string, now: number): boolean {
  return now - Date.parse(lastHeard) > silentMsMax
}

/** A site's live row and its heartbeat. */
export class SiteStore {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  /** One number a site that a warm function has served. */
  readonly #epochs = new Map<SiteId, number>()
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
  }

  /** The newest epoch that this process has read; 0 before its first. It may be behind, never ahead. */
  knownEpoch(site: SiteId): number {
    return this.#epochs.get(site) ?? 0
  }

  /** The newest epoch of the site's bridge, 0 before its first. */
  async epoch(site: SiteId): Promise<number> {
    const Key = keys.site(site)
    const { Item } = await this.#db.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }))
    const epoch = Item ? (v.parse(SiteRow, Item).epoch ?? 0) : 0
    this.#epochs.set(site, epoch)
    return epoch
  }

  /** False if the site already is in this epoch or a newer one. */
  async raiseEpoch(site: SiteId, epoch: number): Promise<boolean> {
    return unlessConditionFailed(
      this.#db.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: keys.site(site),
          UpdateExpression: 'SET epoch = :epoch',
          ConditionExpression: 'attribute_not_exists(epoch) OR epoch < :epoch',
          ExpressionAttributeValues: { ':epoch': epoch },
        }),
      ),
    )
  }

  /** When the bridge was last heard, and whether that is too long ago for what it told to be relied on. */
  async bridgeStatus(site: SiteId, now: number): Promise<{ lastHeard?: string; stale?: boolean }> {
    const lastHeard = await this.lastSeen(site)
    return lastHeard === undefined ? {} : { lastHeard, stale: isSilent(lastHeard, now) }
  }

  async lastSeen(site: SiteId): Promise<string | undefined> {
    const Key = keys.heartbeat(site)
    const { Item } = await this.#db.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }))
    return Item && v.parse(HeartbeatRow, Item).lastHeard
  }

  /** When the site's bridge last spoke, and what it last said of its PBX. */
  async health(site: SiteId): Promise<v.InferOutput<typeof HeartbeatRow> | undefined> {
    const Key = keys.heartbeat(site)
    const { Item } = await this.#db.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }))
    return Item && v.parse(HeartbeatRow, Item)
  }

  /** Notes that the bridge spoke; true if its subscribers had been told that it is silent. */
  async recordSighting(site: SiteId, sighting: BridgeSighting): Promise<boolean> {
    const fields = Object.entries({ ...sighting, toldSilent: false }).filter(([, value]) => value !== undefined)
    const { Attributes: before } = await this.#db.send(
      new UpdateCommand({
        TableName: this.#table,
        Key: keys.heartbeat(site),
        UpdateExpression: `SET ${fields.map(([name]) => `#${name} = :${name}`).join(', ')}`,
        ExpressionAttributeNames: Object.fromEntries(fields.map(([name]) => [`#${name}`, name])),
        ExpressionAttributeValues: Object.fromEntries(fields.map(([name, value]) => [`:${name}`, value])),
        ReturnValues: 'ALL_OLD',
      }),
    )
    return before?.['toldSilent'] === true
  }

  /** Sites whose bridge is silent and of which nobody was told yet, with when each was last heard. */
  async newlySilent(now: number): Promise<{ site: SiteId; lastHeard: string }[]> {
    const found: { site: SiteId; lastHeard: string }[] = []
    for (const pk of heartbeatShards) {
      // 0.5 KB a site: 2,000 a page. Read at half the price, since what it is behind the next tick finds.
      const pages = paginateQuery(
        { client: this.#db },
        { TableName: this.#table, KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': pk } },
      )
      for await (const { Items = [] } of pages) {
        const rows = Items.map((item) => v.parse(HeartbeatOfSite, item))
        const silent = rows.filter((row) => !row.toldSilent && isSilent(row.lastHeard, now))
        found.push(...silent.map(({ sk, lastHeard }) => ({ site: sk, lastHeard })))
      }
    }
    return found
  }

  /** Notes that its subscribers know; false if it has been heard meanwhile. */
  async markSilencePublished(site: SiteId, lastHeard: string): Promise<boolean> {
    return unlessConditionFailed(
      this.#db.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: keys.heartbeat(site),
          UpdateExpression: 'SET toldSilent = :true',
          ConditionExpression: 'lastHeard = :seen',
          ExpressionAttributeValues: { ':true': true, ':seen': lastHeard },
        }),
      ),
    )
  }

  /**
   * What queue functions must know of a site, beside its epoch. The directory of sites has the same and is written first;
   * `revision` counts its changes, so that of two copies the older never wins.
   */
  async describe(site: SiteId, properties: SiteDescription, revision: number): Promise<void> {
    const { country, zone, language, retentionDays, settings } = properties
    try {
      await this.#db.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: keys.site(site),
          UpdateExpression:
            'SET lanes = if_not_exists(lanes, :one), country = :country, #zone = :zone, #language = :language, retentionDays = :days, settings = :settings, revision = :revision',
          ConditionExpression: 'attribute_not_exists(revision) OR revision <= :revision',
          ExpressionAttributeNames: { '#zone': 'zone', '#language': 'language' },
          ExpressionAttributeValues: {
            ':one': 1,
            ':country': country,
            ':zone': zone,
            ':language': language,
            ':days': retentionDays,
            ':settings': settings,
            ':revision': revision,
          },
        }),
      )
    } catch (error) {
      if (!isConditionFailed(error)) throw error
    }
  }
}
