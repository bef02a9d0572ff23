import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { SiteId } from '../../contracts/names.ts'
import { timeToLive, unlessConditionFailed } from './table.ts'
import { keys } from './table-keys.ts'

const spans = [
  { name: 'minute', ms: 60_000 },
  { name: 'day', ms: 86_400_000 },
] as const
export type CapSpan = (typeof spans)[number]['name']

/** What a site and one of its keys may do in a span. */
export interface SpanCaps {
  site: number
  key: number
}

/** Calls by API of a site and each key, by minute and by day (UTC): one write each, both counters in one item. */
export class CallCaps {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
  }

  /** Counts a call, or answers the cap that it would exceed and when that ends, Unix milliseconds. */
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
    return unlessConditionFailed(
      this.#db.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: keys.callCap(site, name, start),
          UpdateExpression: 'ADD #all :one, #key :one SET #ttl = :ttl',
          ConditionExpression:
            '(attribute_not_exists(#all) OR #all < :site) AND (attribute_not_exists(#key) OR #key < :max)',
          ExpressionAttributeNames: { '#all': 'all', '#key': `key:${keyId}`, '#ttl': 'ttl' },
          ExpressionAttributeValues: {
            ':one': 1,
            ':site': max.site,
            ':max': max.key,
            ':ttl': timeToLive(start + ms, 3600),
          },
        }),
      ),
    )
  }
}
