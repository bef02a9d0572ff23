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
import { SiteId } from '../../contracts/names.ts'
import { type Site, SiteSettings } from '../../contracts/site.ts'
import { isConditionFailed } from './table.ts'
import { keys, siteShards } from './table-keys.ts'

const Properties = {
  name: v.string(),
  country: v.string(),
  zone: v.string(),
  language: v.string(),
  retentionDays: v.number(),
  settings: v.optional(SiteSettings, {}),
}
/** Its number rises when a bridge is revoked, so that a session still valid names a queue that is gone. */
const CommandQueue = v.object({ number: v.number(), url: v.string() })
const SiteRow = v.looseObject({
  sk: SiteId,
  ...Properties,
  /** `making` and `deleting`: no site to anyone but the request that makes or the one that deletes it. */
  state: v.picklist(['making', 'live', 'deleting']),
  /** Who makes it, so that one request alone does. */
  claim: v.string(),
  claimedAt: v.number(),
  commandQueue: v.optional(CommandQueue),
  /** Of the command queue while the site is being made. */
  queueNumber: v.optional(v.number(), 0),
  /** Counts the changes of the properties. */
  revision: v.optional(v.number(), 0),
})
export type SiteRow = v.InferOutput<typeof SiteRow>
export type SiteProperties = Pick<SiteRow, keyof typeof Properties>

/** A request that makes a site and has not done so in this time has died: no function runs longer than 30 s. */
const claimMs = 30_000

/** The sites of the deployment: one row each says that it exists and what it is. */
export class SiteDirectory {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
  }

  /** Takes the name for the request that makes the site; false if it is taken. */
  async claim(
    site: SiteId,
    claim: string,
    properties: SiteProperties & { queueNumber: number },
    now: number,
  ): Promise<boolean> {
    const Item = { ...keys.siteList(site), ...properties, state: 'making', claim, claimedAt: now }
    return this.#won(
      new PutCommand({
        TableName: this.#table,
        Item,
        ConditionExpression: 'attribute_not_exists(pk) OR (#state = :making AND claimedAt < :dead)',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':making': 'making', ':dead': now - claimMs },
      }),
    )
  }

  /** The write by which the site exists; false if another request took over. */
  async open(site: SiteId, claim: string, commandQueue: { number: number; url: string }): Promise<boolean> {
    return this.#update(site, {
      UpdateExpression: 'SET #state = :live, commandQueue = :queue',
      ConditionExpression: '#state = :making AND claim = :claim',
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: { ':live': 'live', ':making': 'making', ':claim': claim, ':queue': commandQueue },
    })
  }

  async change(site: SiteId, seen: SiteRow, next: SiteProperties): Promise<boolean> {
    const { name, country, zone, language, retentionDays, settings } = next
    return this.#update(site, {
      UpdateExpression:
        'SET #name = :name, country = :country, #zone = :zone, #language = :language, retentionDays = :days, settings = :settings, revision = :next',
      ConditionExpression:
        '#state = :live AND (revision = :seen OR (attribute_not_exists(revision) AND :seen = :zero))',
      ExpressionAttributeNames: { '#state': 'state', '#name': 'name', '#zone': 'zone', '#language': 'language' },
      ExpressionAttributeValues: {
        ':live': 'live',
        ':name': name,
        ':country': country,
        ':zone': zone,
        ':language': language,
        ':days': retentionDays,
        ':settings': settings,
        ':seen': seen.revision,
        ':next': seen.revision + 1,
        ':zero': 0,
      },
    })
  }

  /** Replaces the command queue by the one of the next number; false if another request has done so. */
  async replaceQueue(site: SiteId, seen: number, next: { number: number; url: string }): Promise<boolean> {
    return this.#update(site, {
      UpdateExpression: 'SET commandQueue = :next',
      ConditionExpression: '#state = :live AND commandQueue.#number = :seen',
      ExpressionAttributeNames: { '#state': 'state', '#number': 'number' },
      ExpressionAttributeValues: { ':live': 'live', ':next': next, ':seen': seen },
    })
  }

  /** From here on the site is gone to everyone; what is left of it is removed piece by piece. */
  async markDeleting(site: SiteId): Promise<boolean> {
    return this.#update(site, {
      UpdateExpression: 'SET #state = :deleting',
      ConditionExpression: 'attribute_exists(pk) AND #state <> :making',
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: { ':deleting': 'deleting', ':making': 'making' },
    })
  }

  async remove(site: SiteId): Promise<void> {
    await this.#won(
      new DeleteCommand({
        TableName: this.#table,
        Key: keys.siteList(site),
        ConditionExpression: '#state = :deleting',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':deleting': 'deleting' },
      }),
    )
  }

  async row(site: SiteId): Promise<SiteRow | undefined> {
    const Key = keys.siteList(site)
    const { Item } = await this.#db.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }))
    return Item && v.parse(SiteRow, Item)
  }

  /** The site, if it exists. */
  async find(site: SiteId): Promise<SiteRow | undefined> {
    const row = await this.row(site)
    return row?.state === 'live' ? row : undefined
  }

  /** Up to `limit` sites by name after `after`: one query a shard, each of a page at most. */
  async list(after: SiteId | undefined, limit: number): Promise<SiteRow[]> {
    const pages = await Promise.all(
      siteShards.map((pk) =>
        this.#db.send(
          new QueryCommand({
            TableName: this.#table,
            KeyConditionExpression: 'pk = :pk AND sk > :after',
            ExpressionAttributeValues: { ':pk': pk, ':after': after ?? ' ' },
            Limit: limit,
          }),
        ),
      ),
    )
    const rows = pages.flatMap(({ Items = [] }) => Items.map((item) => v.parse(SiteRow, item)))
    return rows.sort((a, b) => (a.sk < b.sk ? -1 : 1)).slice(0, limit)
  }

  #update(site: SiteId, change: Omit<UpdateCommandInput, 'TableName' | 'Key'>): Promise<boolean> {
    return this.#won(new UpdateCommand({ TableName: this.#table, Key: keys.siteList(site), ...change }))
  }

  async #won(command: PutCommand | UpdateCommand | DeleteCommand): Promise<boolean> {
    try {
      if (command instanceof PutCommand) await this.#db.send(command)
      else if (command instanceof UpdateCommand) await this.#db.send(command)
      else await this.#db.send(command)
      return true
    } catch (error) {
      if (isConditionFailed(error)) return false
      throw error
    }
  }
}

export function toSite({ sk, claimedAt, ...row }: SiteRow): Site {
  const { name, country, zone, language, retentionDays, settings } = row
  const createdAt = new Date(claimedAt).toISOString()
  return {
    site: sk,
    name,
    country,
    zone,
    language,
    retentionDays,
    settings: v.parse(SiteSettings, settings),
    createdAt,
  }
}
