import * as v from 'valibot'
import { SiteId } from '../../contracts/names.ts'
import { type Site, SiteSettings } from '../../contracts/site.ts'
import { setFields } from './expressions.ts'
import { readableOf, Store } from './table.ts'
import { keys, siteShards } from './table-keys.ts'

const Properties = {
  name: v.string(),
  country: v.string(),
  zone: v.string(),
  language: v.string(),
  retentionDays: v.number(),
  settings: v.optional(SiteSettings, {}),
}
/** The number rises when a bridge is revoked, so a session that is still valid names a queue that no longer exists. */
const CommandQueue = v.object({ number: v.number(), url: v.string() })
const SiteRow = v.looseObject({
  sk: SiteId,
  ...Properties,
  /** A site in `making` or `deleting` does not exist for anyone but the request that creates or deletes it. */
  state: v.picklist(['making', 'live', 'deleting']),
  /** Random id of the request that creates the site. */
  claim: v.string(),
  claimedAt: v.number(),
  commandQueue: v.optional(CommandQueue),
  /** Number of the command queue while the site is being created. */
  queueNumber: v.optional(v.number(), 0),
  /** Number of changes of the properties. */
  revision: v.optional(v.number(), 0),
})
const AnySite = v.looseObject({ sk: v.string() })
export type SiteRow = v.InferOutput<typeof SiteRow>
export type SiteProperties = Pick<SiteRow, keyof typeof Properties>

/** A request that has not created its site in this time has failed: no function runs longer than 30 s. */
const claimMs = 30_000

/** Stores the sites of the deployment, one row each. */
export class SiteDirectory extends Store {
  /** Reserves the name for the request that creates the site; returns false if the name is taken. */
  async claim(
    site: SiteId,
    claim: string,
    properties: SiteProperties & { queueNumber: number },
    now: number,
  ): Promise<boolean> {
    const item = { ...keys.siteList(site), ...properties, state: 'making', claim, claimedAt: now }
    return this.table.putIf(item, {
      condition: 'attribute_not_exists(pk) OR (#state = :making AND claimedAt < :dead)',
      values: { making: 'making', dead: now - claimMs },
    })
  }

  /** Makes the site exist; returns false if another request took over its creation. */
  async open(site: SiteId, claim: string, commandQueue: { number: number; url: string }): Promise<boolean> {
    return this.table.update(keys.siteList(site), {
      update: 'SET #state = :live, commandQueue = :queue',
      condition: '#state = :making AND claim = :claim',
      values: { live: 'live', making: 'making', claim, queue: commandQueue },
    })
  }

  /** Changes the properties; returns false if another request changed them since `seen` was read. */
  async change(site: SiteId, seen: SiteRow, next: SiteProperties): Promise<boolean> {
    const { name, country, zone, language, retentionDays, settings } = next
    const revision = seen.revision + 1
    const { update, values } = setFields({ name, country, zone, language, retentionDays, settings, revision })
    return this.table.update(keys.siteList(site), {
      update,
      condition: '#state = :live AND (#revision = :seen OR (attribute_not_exists(#revision) AND :seen = :zero))',
      values: { ...values, live: 'live', seen: seen.revision, zero: 0 },
    })
  }

  /** Replaces the command queue by the one of the next number; returns false if another request has done so. */
  async replaceQueue(site: SiteId, seen: number, next: { number: number; url: string }): Promise<boolean> {
    return this.table.update(keys.siteList(site), {
      update: 'SET commandQueue = :next',
      condition: '#state = :live AND commandQueue.#number = :seen',
      values: { live: 'live', next, seen },
    })
  }

  /** Makes the site not exist for anyone; its data is removed afterwards. Returns false if there is no such site. */
  async markDeleting(site: SiteId): Promise<boolean> {
    return this.table.update(keys.siteList(site), {
      update: 'SET #state = :deleting',
      condition: 'attribute_exists(pk) AND #state <> :making',
      values: { deleting: 'deleting', making: 'making' },
    })
  }

  async remove(site: SiteId): Promise<void> {
    await this.table.deleteIf(keys.siteList(site), {
      condition: '#state = :deleting',
      values: { deleting: 'deleting' },
    })
  }

  /** Returns the row of a site in any state. */
  async row(site: SiteId): Promise<SiteRow | undefined> {
    return this.table.get(SiteRow, keys.siteList(site), 'consistent')
  }

  /** Returns the site if it exists. */
  async find(site: SiteId): Promise<SiteRow | undefined> {
    const row = await this.row(site)
    return row?.state === 'live' ? row : undefined
  }

  /**
   * Returns the sites among the next `limit` rows after `after`, in the order of their ids: one query of one page a shard. `next` is
   * where the following page starts, undefined on the last one.
   */
  async list(after: SiteId | undefined, limit: number): Promise<{ rows: SiteRow[]; next: SiteId | undefined }> {
    const query = { sk: { after: after ?? ' ' }, read: 'eventual', limit } as const
    const pages = await Promise.all(siteShards.map((pk) => this.table.page(AnySite, { pk, ...query })))
    const items = pages.flatMap((page) => page.items).sort((a, b) => (a.sk < b.sk ? -1 : 1))
    // Rows that cannot be read are left out only after the page is cut, so that no other site is lost with them.
    const page = items.slice(0, limit)
    return { rows: readableOf(SiteRow, page), next: page.length === limit ? page.at(-1)?.sk : undefined }
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
