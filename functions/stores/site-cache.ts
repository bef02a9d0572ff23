import type { SiteId } from '../../contracts/names.ts'

/** A change of what is cached takes effect within this time. */
const cacheMs = 60_000
/** Sites that one process remembers. When there are more, the cache is emptied. */
const cacheEntriesMax = 10_000

/** Returns a function that remembers for a minute what `read` returned for each site. */
export function cachedBySite<T>(read: (site: SiteId) => Promise<T>, now: () => number): (site: SiteId) => Promise<T> {
  const cache = new Map<SiteId, { until: number; value: Promise<T> }>()
  return (site) => {
    const known = cache.get(site)
    if (known && known.until > now()) return known.value
    const value = read(site)
    value.catch(() => cache.delete(site))
    if (cache.size >= cacheEntriesMax) cache.clear()
    cache.set(site, { until: now() + cacheMs, value })
    return value
  }
}
