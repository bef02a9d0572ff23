import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { timeToLive } from './expressions.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

const windowMs = 10_000
/** 50 a second, five times what a telephone system's API usually allows; a key may have a limit of its own. */
export const keyRequestsMax = 500
/** 200 a second: all keys of a site together take at most a twelfth of a small region's account quota of 2,500. */
export const siteRequestsMax = 2_000
/** Keys that are refused from memory until their window ends: 100 bytes each. */
const refusedKeysMax = 10_000

export interface Exceeded {
  limit: 'key' | 'site'
  max: number
  retryAfterSeconds: number
}
export interface CountedKey {
  /** Undefined for the deployment's admin key. */
  site: SiteId | undefined
  keyId: string
  /** Requests of 10 s; the default where undefined. */
  max: number | undefined
}
interface Refusal {
  /** End of the window, Unix milliseconds. */
  until: number
  exceeded: Omit<Exceeded, 'retryAfterSeconds'>
}

const CounterRow = v.record(v.string(), v.unknown())

/**
 * Counts the requests of each key and site in windows of 10 seconds. Both counters are in one item, so a request costs one
 * write unit ($0.63 a million), and a refused one at most half a read unit more; until the window ends, further requests
 * of a refused key are refused from memory. Refused requests are not counted, so a key that floods does not use up its
 * site's share.
 */
export class RequestLimits extends Store {
  readonly #refusals = new Map<string, Refusal>()

  /** Counts a request, or returns the limit that it would exceed. `now` is in Unix milliseconds. */
  async take({ site, keyId, max: own }: CountedKey, now: number): Promise<Exceeded | undefined> {
    const max = own ?? keyRequestsMax
    const until = (Math.floor(now / windowMs) + 1) * windowMs
    const retryAfterSeconds = Math.ceil((until - now) / 1000)
    const refusal = this.#refusals.get(keyId)
    if (refusal?.until === until) return { ...refusal.exceeded, retryAfterSeconds }
    const key = keys.requests(site, until)
    const isCounted = await this.table.update(key, {
      update: 'ADD #all :one, #key :one SET #ttl = :ttl',
      condition: '(attribute_not_exists(#all) OR #all < :siteMax) AND (attribute_not_exists(#key) OR #key < :keyMax)',
      names: { key: `key:${keyId}` },
      values: { one: 1, siteMax: siteRequestsMax, keyMax: max, ttl: timeToLive(until, 60) },
    })
    if (isCounted) return undefined
    const counters = await this.table.get(CounterRow, key, 'consistent')
    const isKeys = Number(counters?.[`key:${keyId}`] ?? 0) >= max
    const exceeded = isKeys ? ({ limit: 'key', max } as const) : ({ limit: 'site', max: siteRequestsMax } as const)
    this.#remember(keyId, { until, exceeded })
    return { ...exceeded, retryAfterSeconds }
  }

  #remember(keyId: string, refusal: Refusal): void {
    const [oldest] = this.#refusals.keys()
    if (this.#refusals.size >= refusedKeysMax && oldest !== undefined) this.#refusals.delete(oldest)
    this.#refusals.set(keyId, refusal)
  }
}
