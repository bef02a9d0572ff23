import { type DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { Cdr } from '../../contracts/cdr.ts'
import type { SiteId } from '../../contracts/names.ts'
import { callPrefix } from '../domain/filing.ts'
import { lane, partyKey } from './cdrs.ts'
import { keys } from './table-keys.ts'

const Item = v.looseObject({ sk: v.string(), cdr: Cdr, a: v.optional(v.string()), b: v.optional(v.string()) })
const Alias = v.looseObject({ sk: v.string() })

/** A CDR as it was filed: `row` is `filed#linkedid#uniqueid#sequence`, by which all lists are ordered. */
export interface LogRow {
  row: string
  cdr: Cdr
  /** Canonical numbers of caller and callee, empty where there is none. */
  a: string
  b: string
}
export type Side = 'caller' | 'called'
/** Rows of `from` to `to` (RFC 3339, whole seconds, both within); `after` is the last row already seen. */
export interface Span {
  from: string
  to: string
  newestFirst: boolean
  after?: string | undefined
}
export interface Slice {
  rows: LogRow[]
  /** True if there are more rows after these. */
  more: boolean
  /** What DynamoDB read for it, which is what is paid. */
  bytes: number
}

/** `~` sorts after every character of a row's key, so that a row at the very second of `to` is within. */
const afterAll = '~'
/** An eventually consistent read unit is two pages of 4 KB. */
const bytesPerUnit = 8192

/** The call log's reading side: by time, by party, by call. Eventually consistent, at half the price. */
export class CallLogStore {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
  }

  byTime(site: SiteId, month: string, span: Span, limit: number): Promise<Slice> {
    return this.#slice(keys.timeRows(site, month, lane), (row) => row, span, limit)
  }

  byParty(site: SiteId, side: Side, month: string, number: string, span: Span, limit: number): Promise<Slice> {
    return this.#slice(partition(site, side, month), (row) => partyKey(number, row), span, limit)
  }

  /** Every row of a month whose number begins so, in no order; `more` if there are more than one query reads, 1 MB. */
  async byPrefix(site: SiteId, side: Side, month: string, prefix: string): Promise<Slice> {
    const pk = partition(site, side, month)
    return this.#query(pk, 'begins_with(sk, :prefix)', { ':prefix': prefix }, {}, (sk) => sk.slice(sk.indexOf('#') + 1))
  }

  /** All legs of a call, under the time that its linkedid tells and under those that alias rows tell. Consistent. */
  async legs(site: SiteId, linkedid: string): Promise<LogRow[]> {
    const prefix = callPrefix(linkedid)
    const [found, aliases] = await Promise.all([
      prefix ? this.#legsAt(site, prefix) : [],
      this.#aliases(site, linkedid),
    ])
    const others = await Promise.all(aliases.map((row) => this.#row(site, row)))
    const rows = [...found, ...others.filter((row) => row !== undefined)]
    return [...new Map(rows.map((row) => [row.row, row])).values()]
  }

  async #legsAt(site: SiteId, prefix: string): Promise<LogRow[]> {
    const values = { ':prefix': prefix }
    const consistent = { ConsistentRead: true }
    // A call has some legs; 1 MB would hold 1,700.
    const pk = keys.timeRows(site, prefix.slice(0, 7), lane)
    return (await this.#query(pk, 'begins_with(sk, :prefix)', values, consistent)).rows
  }

  async #aliases(site: SiteId, linkedid: string): Promise<string[]> {
    const { Items = [] } = await this.#db.send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': keys.alias(site, linkedid) },
        ConsistentRead: true,
      }),
    )
    return Items.map((item) => v.parse(Alias, item).sk)
  }

  async #row(site: SiteId, sk: string): Promise<LogRow | undefined> {
    const Key = { pk: keys.timeRows(site, sk.slice(0, 7), lane), sk }
    const { Item } = await this.#db.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }))
    return Item && toRow(Item)
  }

  async #slice(pk: string, keyOf: (row: string) => string, span: Span, limit: number): Promise<Slice> {
    const { from, to, newestFirst, after } = span
    const first = keyOf(newestFirst || after === undefined ? from : after)
    const last = keyOf(newestFirst && after !== undefined ? after : `${to}${afterAll}`)
    if (first > last) return { rows: [], more: false, bytes: 0 }
    const plan = {
      ScanIndexForward: !newestFirst,
      // BETWEEN includes `after` itself; one more tells whether there are others.
      Limit: limit + 1 + (after === undefined ? 0 : 1),
    }
    const cut = keyOf('').length
    const slice = await this.#query(pk, 'sk BETWEEN :first AND :last', { ':first': first, ':last': last }, plan, (sk) =>
      sk.slice(cut),
    )
    const rows = slice.rows.filter(({ row }) => row !== after)
    return { ...slice, rows: rows.slice(0, limit), more: slice.more || rows.length > limit }
  }

  async #query(
    pk: string,
    condition: string,
    values: Record<string, string>,
    plan: { ScanIndexForward?: boolean; Limit?: number; ConsistentRead?: boolean },
    rowOf = (sk: string) => sk,
  ): Promise<Slice> {
    const {
      Items = [],
      LastEvaluatedKey,
      ConsumedCapacity,
    } = await this.#db.send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: `pk = :pk AND ${condition}`,
        ExpressionAttributeValues: { ':pk': pk, ...values },
        ReturnConsumedCapacity: 'TOTAL',
        ...plan,
      }),
    )
    const rows = Items.map(toRow).map((row) => ({ ...row, row: rowOf(row.row) }))
    return { rows, more: LastEvaluatedKey !== undefined, bytes: (ConsumedCapacity?.CapacityUnits ?? 0) * bytesPerUnit }
  }
}

function partition(site: SiteId, side: Side, month: string): string {
  return side === 'caller' ? keys.callerRows(site, month) : keys.calleeRows(site, month)
}

function toRow(item: unknown): LogRow {
  const { sk, cdr, a = '', b = '' } = v.parse(Item, item)
  return { row: sk, cdr, a, b }
}
