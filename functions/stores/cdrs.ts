import { type DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { Cdr } from '../../contracts/cdr.ts'
import type { SiteId } from '../../contracts/names.ts'
import { fileCdr } from '../domain/filing.ts'
import { isConditionFailed, keys } from './table.ts'

const TimeRow = v.looseObject({ sk: v.string(), cdr: Cdr, raw: v.optional(v.string()) })
export type TimeRow = v.InferOutput<typeof TimeRow>

/** Sites are filed in one lane; more are for sites that write over 1,000 units a second. */
const lane = 0

export type PutOutcome = 'stored' | 'duplicate'

/** The call log. A CDR is three rows (time, caller, callee): 3 write units, 2 where a party is empty. */
export class CdrStore {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
  }

  /**
   * Stores a CDR under its natural key. The time row is put first and only if absent; the other rows are put from what
   * the time row holds, so that a delivery repeated after a crash completes them and changes nothing else.
   */
  async put(site: SiteId, cdr: Cdr, raw: string | undefined): Promise<PutOutcome> {
    const filing = fileCdr(cdr)
    const key = { pk: keys.timeRows(site, filing.month, lane), sk: filing.row }
    const fresh = await this.#putIfAbsent({ ...key, cdr, raw })
    const stored = fresh ? cdr : await this.#stored(key)
    const rows = [
      stored.src && { pk: keys.callerRows(site, filing.month), sk: `${stored.src}#${filing.row}`, cdr: stored },
      stored.dst && { pk: keys.calleeRows(site, filing.month), sk: `${stored.dst}#${filing.row}`, cdr: stored },
      filing.needsAlias && { pk: keys.alias(site, cdr.linkedid), sk: filing.row },
    ]
    await Promise.all(rows.map((Item) => Item && this.#db.send(new PutCommand({ TableName: this.#table, Item }))))
    return fresh ? 'stored' : 'duplicate'
  }

  /** Up to `limit` rows of a month, newest first, between the two times (RFC 3339), and older than `before` if given. */
  async month(
    site: SiteId,
    month: string,
    period: { from: string; to: string; before?: string | undefined },
    limit: number,
  ): Promise<{ rows: TimeRow[]; more: boolean }> {
    const result = await this.#db.send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: {
          ':pk': keys.timeRows(site, month, lane),
          ':from': period.from,
          // `~` sorts after every character of a row's key, so a row at the very second of `to` is within.
          ':to': period.before ?? `${period.to}~`,
        },
        ScanIndexForward: false,
        // One more, since BETWEEN includes `before` itself, and one to know whether there are others.
        Limit: limit + 2,
      }),
    )
    const rows = (result.Items ?? []).map((item) => v.parse(TimeRow, item)).filter((row) => row.sk !== period.before)
    return { rows: rows.slice(0, limit), more: rows.length > limit || result.LastEvaluatedKey !== undefined }
  }

  async #putIfAbsent(Item: Record<string, unknown>): Promise<boolean> {
    try {
      const ConditionExpression = 'attribute_not_exists(pk)'
      await this.#db.send(new PutCommand({ TableName: this.#table, Item, ConditionExpression }))
      return true
    } catch (error) {
      if (isConditionFailed(error)) return false
      throw error
    }
  }

  async #stored(Key: { pk: string; sk: string }): Promise<Cdr> {
    const { Item } = await this.#db.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }))
    return v.parse(TimeRow, Item).cdr
  }
}
