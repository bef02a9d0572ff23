import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { SiteId } from '../../contracts/names.ts'
import { isConditionFailed, timeToLive } from './table.ts'
import { keys } from './table-keys.ts'

const windowMs = 10_000
/** 50 a second, five times what a telephone system's API is used to; a key may have been given another limit. */
export const keyRequestsMax = 500
/** 200 a second: all keys of a site together take at most a twelfth of a small region's account quota of 2,500. */
export const siteRequestsMax = 2_000
/** Keys told to wait, until their window ends: 100 bytes each. */
const waitingMax = 10_000

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

/**
 * Requests of each key and site in windows of 10 seconds. Both counters are in one item, so a request costs one write unit
 * ($0.63 a million), a refused one at most the same and half a read unit; while a window lasts, a refused key is then
 * refused from memory. Refused requests are not counted, so that a key that floods does not use up its site's share.
 */
export class RequestLimits {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  readonly #waiting = new Map<string, { until: number; exceeded: Omit<Exceeded, 'retryAfterSeconds'> }>()
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
  }

  /** Counts a request, or tells which limit it would exceed. `now` is in Unix milliseconds. */
  async take({ site, keyId, max: own }: CountedKey, now: number): Promise<Exceeded | undefined> {
    const max = own ?? keyRequestsMax
    const until = (Math.floor(now / windowMs) + 1) * windowMs
    const retryAfterSeconds = Math.ceil((until - now) / 1000)
    const waiting = this.#waiting.get(keyId)
    if (waiting && waiting.until === until) return { ...waiting.exceeded, retryAfterSeconds }
    const Key = keys.requests(site, until)
    const ExpressionAttributeNames = { '#all': 'all', '#key': `key:${keyId}`, '#ttl': 'ttl' }
    try {
      await this.#db.send(
        new UpdateCommand({
          TableName: this.#table,
          Key,
          UpdateExpression: 'ADD #all :one, #key :one SET #ttl = :ttl',
          ConditionExpression:
            '(attribute_not_exists(#all) OR #all < :siteMax) AND (attribute_not_exists(#key) OR #key < :keyMax)',
          ExpressionAttributeNames,
          ExpressionAttributeValues: {
            ':one': 1,
            ':siteMax': siteRequestsMax,
            ':keyMax': max,
            ':ttl': timeToLive(until, 60),
          },
        }),
      )
      return undefined
    } catch (error) {
      if (!isConditionFailed(error)) throw error
    }
    const { Item } = await this.#db.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }))
    const isKeys = Number(Item?.[`key:${keyId}`] ?? 0) >= max
    const exceeded = isKeys ? ({ limit: 'key', max } as const) : ({ limit: 'site', max: siteRequestsMax } as const)
    this.#wait(keyId, { until, exceeded })
    return { ...exceeded, retryAfterSeconds }
  }

  #wait(keyId: string, waiting: { until: number; exceeded: Omit<Exceeded, 'retryAfterSeconds'> }): void {
    const [oldest] = this.#waiting.keys()
    if (this.#waiting.size >= waitingMax && oldest !== undefined) this.#waiting.delete(oldest)
    this.#waiting.set(keyId, waiting)
  }
}
