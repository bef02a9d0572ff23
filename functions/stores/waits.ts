import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { timeToLive } from './expressions.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

/** A wait lasts up to 25 s, so those that are under way began in this window or the one before. */
const windowMs = 30_000

/** Waits at the same time. */
export interface WaitCaps {
  key: number
  site: number
  /** All sites together. */
  all: number
}
export interface Waiter {
  site: SiteId
  keyId: string
}
/** Whose waits are too many. */
export type FullCap = keyof WaitCaps

/** Counters of a window: `all`, and one for each key. */
const Counters = v.record(v.string(), v.unknown())
const numberOf = (counters: v.InferOutput<typeof Counters> | undefined, name: string) => Number(counters?.[name] ?? 0)

/**
 * Counts the requests that wait, by key, site and deployment, so that one caller does not hold every process of a function. A
 * wait is counted in the window in which it began and taken off there when it ends; what a crash leaves is forgotten with its
 * window, a minute later. A wait costs two reads and four writes, $0.000004.
 */
export class WaitStore extends Store {
  /** Counts a wait and returns what takes it off again, or the cap that it would exceed. `now` is in Unix milliseconds. */
  async begin(
    { site, keyId }: Waiter,
    caps: WaitCaps,
    now: number,
  ): Promise<{ end(): Promise<void>; full?: never } | { full: FullCap }> {
    const ofSite = await this.#count(site, keyId, { all: caps.site, key: caps.key }, now)
    if (ofSite !== undefined) return { full: ofSite === 'all' ? 'site' : 'key' }
    const ofAll = await this.#count(undefined, site, { all: caps.all, key: caps.site }, now)
    if (ofAll !== undefined) {
      await this.#takeOff(site, keyId, now)
      return { full: ofAll === 'all' ? 'all' : 'site' }
    }
    return {
      end: async () => {
        await Promise.all([this.#takeOff(site, keyId, now), this.#takeOff(undefined, site, now)])
      },
    }
  }

  /** Returns the counter that has no room; undefined if the wait was counted in both. */
  async #count(
    site: SiteId | undefined,
    name: string,
    max: { all: number; key: number },
    now: number,
  ): Promise<'all' | 'key' | undefined> {
    const start = startOf(now)
    const before = await this.table.get(Counters, keys.waits(site, start - windowMs), 'consistent')
    const left = { all: max.all - numberOf(before, 'all'), key: max.key - numberOf(before, `key:${name}`) }
    if (left.all <= 0) return 'all'
    if (left.key <= 0) return 'key'
    const isCounted = await this.table.update(keys.waits(site, start), {
      update: 'ADD #all :one, #key :one SET #ttl = :ttl',
      condition: '(attribute_not_exists(#all) OR #all < :all) AND (attribute_not_exists(#key) OR #key < :key)',
      names: { key: `key:${name}` },
      values: { one: 1, all: left.all, key: left.key, ttl: timeToLive(start + 2 * windowMs, 60) },
    })
    if (isCounted) return undefined
    const current = await this.table.get(Counters, keys.waits(site, start), 'consistent')
    return numberOf(current, 'all') >= left.all ? 'all' : 'key'
  }

  async #takeOff(site: SiteId | undefined, name: string, begun: number): Promise<void> {
    await this.table.update(keys.waits(site, startOf(begun)), {
      update: 'ADD #all :less, #key :less',
      // Time to live may have removed the counters of a wait that ended late.
      condition: 'attribute_exists(pk)',
      names: { key: `key:${name}` },
      values: { less: -1 },
    })
  }
}

function startOf(now: number): number {
  return Math.floor(now / windowMs) * windowMs
}
