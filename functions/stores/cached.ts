/** A change of what is cached takes effect within this time, unless another is given. */
const cacheMs = 60_000
/** Names that one process remembers. When there are more, the cache is emptied. */
const cacheEntriesMax = 10_000

/** Returns a function that remembers for a minute, or for `lifetimeMs`, what `read` returned for each name, such as a site. */
export function cached<Name extends string, T>(
  read: (name: Name) => Promise<T>,
  now: () => number,
  lifetimeMs: (value: T) => number = () => cacheMs,
): (name: Name) => Promise<T> {
  const cache = new Map<Name, { until: number; value: Promise<T> }>()
  return (name) => {
    const known = cache.get(name)
    if (known && known.until > now()) return known.value
    const value = read(name)
    const entry = { until: now() + cacheMs, value }
    const keep = (found: T) => {
      entry.until = now() + lifetimeMs(found)
    }
    value.then(keep, () => cache.delete(name))
    if (cache.size >= cacheEntriesMax) cache.clear()
    cache.set(name, entry)
    return value
  }
}
