import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { Webhook, WebhookFormat, WebhookRequest } from '../../contracts/webhook.ts'
import { ifAbsent } from './expressions.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

const { url, types, filters, description, headers, contentType } = WebhookRequest.entries
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
  enabled: v.boolean(),
  disabledAt: v.optional(v.number()),
  disabledBecause,
  createdAt: v.number(),
  /** Changes with each write. */
  tag: v.string(),
  /** Hash of the request that made it, by which a repetition with the same Idempotency-Key is told from another request. */
  request: v.string(),
})
export type WebhookRow = v.InferOutput<typeof WebhookRow>

/** A webhook has up to 30 KB with the longest filters and headers: a site's fifty have two pages. */
const pagesMax = 10

/** Stores the webhooks of sites. */
export class WebhookStore extends Store {
  /** Returns false if the site has a webhook with this id. */
  async create(site: SiteId, row: WebhookRow): Promise<boolean> {
    return this.table.putIf({ ...keys.webhook(site, row.id), ...row }, ifAbsent)
  }

  async find(site: SiteId, id: string): Promise<WebhookRow | undefined> {
    return this.table.get(WebhookRow, keys.webhook(site, id), 'consistent')
  }

  /** Returns the webhooks of a site, oldest first. One that cannot be read stops none of the others. */
  async list(site: SiteId): Promise<WebhookRow[]> {
    const { pk } = keys.webhook(site, '')
    const rows = await this.table.items(WebhookRow, { pk, read: 'consistent', unreadable: 'skip' }, pagesMax)
    return rows.sort((a, b) => a.createdAt - b.createdAt)
  }

  /** Replaces a webhook; returns false if the stored one is no longer the one that was read. */
  async replace(site: SiteId, row: WebhookRow, seen: Pick<WebhookRow, 'tag'>): Promise<boolean> {
    return this.table.putIf({ ...keys.webhook(site, row.id), ...row }, isSame(seen.tag))
  }

  /** Returns false if the stored webhook has not this tag, or there is none. */
  async delete(site: SiteId, id: string, tag: string): Promise<boolean> {
    return this.table.deleteIf(keys.webhook(site, id), isSame(tag))
  }
}

function isSame(tag: string) {
  return { condition: 'tag = :tag', values: { tag } }
}
