import type { SiteId } from '../../contracts/names.ts'

/** A change of what is cached takes effect within this time, unless another is given. */
const cacheMs = 60_000
/** Sites that one process remembers. When there are more, the cache is emptied. */
const cacheEntriesMax = 10_000

/** Returns a function that remembers for a minute, or for `lifetimeMs`, what `read` returned for each site. */
export function cachedBySite<T>(
  read: (site: SiteId) => Promise<T>,
  now: () => number,
  lifetimeMs: (value: T) => number = () => cacheMs,
): (site: SiteId) => Promise<T> {
  const cache = new Map<SiteId, { until: number; value: Promise<T> }>()
  return (site) => {
    const known = cache.get(site)
    if (known && known.until > now()) return known.value
    const value = read(site)
    const entry = { until: now() + cacheMs, value }
    const keep = (read: T) => {
      entry.until = now() + lifetimeMs(read)
    }
    value.then(keep, () => cache.delete(site))
    if (cache.size >= cacheEntriesMax) cache.clear()
    cache.set(site, entry)
    return value
  }
}
