import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { WebhookFormat, WebhookRequest } from '../../contracts/webhook.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

const { types, filters, ordering } = WebhookRequest.entries
/** What decides which events a webhook gets: its row without what is encrypted. */
export const SubscriptionRow = v.looseObject({
  id: v.string(),
  key: v.string(),
  types,
  format: v.optional(WebhookFormat, 'standard'),
  filters,
  ordering,
  enabled: v.boolean(),
  disabledAt: v.optional(v.number()),
  listensUntil: v.optional(v.number()),
  createdAt: v.number(),
})
export type SubscriptionRow = v.InferOutput<typeof SubscriptionRow>

/** As those of `WebhookStore`. */
const pagesMax = 10

/** Reads the webhooks of sites for the function that makes events, which has no key for their secrets. */
export class SubscriptionStore extends Store {
  /** Returns the webhooks of a site, oldest first. One that cannot be read stops none of the others. */
  async list(site: SiteId): Promise<SubscriptionRow[]> {
    const { pk } = keys.webhook(site, '')
    const rows = await this.table.items(SubscriptionRow, { pk, read: 'consistent', unreadable: 'skip' }, pagesMax)
    return rows.sort((a, b) => a.createdAt - b.createdAt)
  }
}
