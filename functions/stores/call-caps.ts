import type { SiteId } from '../../contracts/names.ts'
import { timeToLive } from './expressions.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

const spans = [
  { name: 'minute', ms: 60_000 },
  { name: 'day', ms: 86_400_000 },
] as const
export type CapSpan = (typeof spans)[number]['name']

/** How many calls a site and one of its keys may place in a span. */
export interface SpanCaps {
  site: number
  key: number
}

/**
 * Counts the calls that a site and each of its keys place through the API, by minute and by day (UTC). Both counters are in
 * one item, so a span costs one write.
 */
export class CallCaps extends Store {
  /** Counts a call, or returns the cap that it would exceed and when its span ends (Unix milliseconds). */
  async take(
    site: SiteId,
    keyId: string,
    max: Record<CapSpan, SpanCaps>,
    now: number,
  ): Promise<{ cap: CapSpan; until: number } | undefined> {
    for (const { name, ms } of spans) {
      const start = now - (now % ms)
      if (!(await this.#count(site, keyId, { name, start, ms }, max[name]))) return { cap: name, until: start + ms }
    }
    return undefined
  }

  async #count(
    site: SiteId,
    keyId: string,
    { name, start, ms }: { name: string; start: number; ms: number },
    max: SpanCaps,
  ): Promise<boolean> {
    if (max.site === 0 || max.key === 0) return false
    return this.table.update(keys.callCap(site, name, start), {
      update: 'ADD #all :one, #key :one SET #ttl = :ttl',
      condition: '(attribute_not_exists(#all) OR #all < :site) AND (attribute_not_exists(#key) OR #key < :max)',
      names: { key: `key:${keyId}` },
      values: { one: 1, site: max.site, max: max.key, ttl: timeToLive(start + ms, 3600) },
    })
  }
}
