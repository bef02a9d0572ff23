import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

const SiteRow = v.looseObject({ webhooks: v.optional(v.boolean(), false) })
/** A new webhook gets events from this time on at the latest. A site without webhooks costs one read in this time. */
const cacheMs = 5_000
/** Sites that one process remembers; when there are more, it forgets them all. */
const cacheEntriesMax = 10_000

/** Stores in the row of a site whether it has ever had a webhook, for the functions that may not read webhooks. */
export class WebhookMark extends Store {
  readonly #cache = new Map<SiteId, { until: number; value: Promise<boolean> }>()

  async set(site: SiteId): Promise<void> {
    await this.table.update(keys.site(site), { update: 'SET webhooks = :true', values: { true: true } })
  }

  async has(site: SiteId, now: number): Promise<boolean> {
    const known = this.#cache.get(site)
    if (known && known.until > now) return known.value
    const value = this.#read(site)
    value.catch(() => this.#cache.delete(site))
    if (this.#cache.size >= cacheEntriesMax) this.#cache.clear()
    this.#cache.set(site, { until: now + cacheMs, value })
    return value
  }

  async #read(site: SiteId): Promise<boolean> {
    return (await this.table.get(SiteRow, keys.site(site), 'consistent'))?.webhooks ?? false
  }
}
