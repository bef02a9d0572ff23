import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { Webhook, WebhookFormat, WebhookRequest } from '../../contracts/webhook.ts'
import { type DataKeys, isSealedByNewest, SealError } from '../domain/webhooks/vault.ts'
import { logMetrics, logOutcome } from '../log.ts'
import { ifAbsent, timeToLive } from './expressions.ts'
import { openedItem, sealedItem } from './sealed-webhook.ts'
import { type Item, Store } from './table.ts'
import { keys } from './table-keys.ts'

const { url, types, filters, description, headers, contentType, ordering } = WebhookRequest.entries
const { disabledBecause } = Webhook.entries
/** A stored webhook with its secrets. Times are Unix milliseconds. */
export const WebhookRow = v.looseObject({
  id: v.string(),
  /** Prefix of the key whose rights it has. */
  key: v.string(),
  url,
  types,
  format: v.optional(WebhookFormat, 'standard'),
  filters,
  description,
  headers,
  perSecond: v.optional(v.number(), 10),
  contentType: v.optional(v.unwrap(contentType), 'application/cloudevents+json'),
  secret: v.string(),
  /** Ed25519 key of `v1a` signatures, if they are asked for. */
  signingKey: v.optional(v.string()),
  /** The secret before the last rotation, and until when it signs too. */
  older: v.optional(v.object({ secret: v.string(), until: v.number() })),
  ordering,
  /** Whether the receiver has to agree first, whether it has, and to how many requests a minute. */
  verify: v.optional(v.boolean()),
  verified: v.optional(v.boolean()),
  allowedPerMinute: v.optional(v.number()),
  enabled: v.boolean(),
  disabledAt: v.optional(v.number()),
  disabledBecause,
  /** Only for a listener: it ends then, unless it is read before. */
  listensUntil: v.optional(v.number()),
  createdAt: v.number(),
  /** Changes with each write. */
  tag: v.string(),
  /** Hash of the request that made it, by which a repetition with the same Idempotency-Key is told from another request. */
  request: v.string(),
})
export type WebhookRow = v.InferOutput<typeof WebhookRow>

/** A webhook has up to 40 KB with the longest filters and headers: a site's fifty have two pages. */
const pagesMax = 10
const StoredWebhook = v.looseObject({ id: v.string(), tag: v.string() })

/** Stores the webhooks of sites, their secrets encrypted. */
export class WebhookStore extends Store {
  readonly #keys: () => Promise<DataKeys>
  constructor(db: DynamoDBDocumentClient, tableName: string, keys: () => Promise<DataKeys>) {
    super(db, tableName)
    this.#keys = keys
  }

  /** Returns false if the site has a webhook with this id. */
  async create(site: SiteId, row: WebhookRow): Promise<boolean> {
    return this.table.putIf(await this.#sealed(site, row), ifAbsent)
  }

  async find(site: SiteId, id: string): Promise<WebhookRow | undefined> {
    const item = await this.table.get(StoredWebhook, keys.webhook(site, id), 'consistent')
    return item && this.#opened(site, item)
  }

  /** Returns the webhooks of a site, oldest first. One that cannot be read stops none of the others. */
  async list(site: SiteId): Promise<WebhookRow[]> {
    const { pk } = keys.webhook(site, '')
    const items = await this.table.items(StoredWebhook, { pk, read: 'consistent', unreadable: 'skip' }, pagesMax)
    const rows = await Promise.all(items.map((item) => this.#openedIfReadable(site, item)))
    return rows.filter((row) => row !== undefined).sort((a, b) => a.createdAt - b.createdAt)
  }

  /** Replaces a webhook; returns false if the stored one is no longer the one that was read. */
  async replace(site: SiteId, row: WebhookRow, seen: Pick<WebhookRow, 'tag'>): Promise<boolean> {
    return this.table.putIf(await this.#sealed(site, row), isSame(seen.tag))
  }

  /** Returns false if the stored webhook has not this tag, or there is none. */
  async delete(site: SiteId, id: string, tag: string): Promise<boolean> {
    return this.table.deleteIf(keys.webhook(site, id), isSame(tag))
  }

  async #sealed(site: SiteId, row: WebhookRow): Promise<Item> {
    const { listensUntil } = row
    const end = listensUntil === undefined ? {} : { ttl: timeToLive(listensUntil, 0) }
    return sealedItem(site, { ...row, ...keys.webhook(site, row.id), ...end }, await this.#keys())
  }

  /** Also seals again what an earlier version stored in plain, or what was sealed with an older key. */
  async #opened(site: SiteId, item: v.InferOutput<typeof StoredWebhook>): Promise<WebhookRow> {
    const dataKeys = await this.#keys()
    const row = v.parse(WebhookRow, openedItem(site, item, dataKeys))
    if (!isSealedByNewest(item['sealed'], dataKeys)) await this.replace(site, row, item)
    return row
  }

  async #openedIfReadable(site: SiteId, item: v.InferOutput<typeof StoredWebhook>): Promise<WebhookRow | undefined> {
    try {
      return await this.#opened(site, item)
    } catch (error) {
      if (!(error instanceof v.ValiError || error instanceof SealError)) throw error
      logMetrics(site, { UnreadableRows: 1 })
      const why = error instanceof SealError ? error.message : 'invalid'
      logOutcome('error', 'webhook-unreadable', { site, webhook: item.id, error: why })
      return undefined
    }
  }
}

function isSame(tag: string) {
  return { condition: 'tag = :tag', values: { tag } }
}
