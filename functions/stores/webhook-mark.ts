import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

const SiteRow = v.looseObject({ webhooks: v.optional(v.boolean(), false) })
/** Stores in the row of a site whether it has ever had a webhook, for the functions that may not read webhooks. */
export class WebhookMark extends Store {
  async set(site: SiteId): Promise<void> {
    await this.table.update(keys.site(site), { update: 'SET webhooks = :true', values: { true: true } })
  }

  async has(site: SiteId): Promise<boolean> {
    return (await this.table.get(SiteRow, keys.site(site), 'consistent'))?.webhooks ?? false
  }
}
