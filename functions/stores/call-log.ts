import * as v from 'valibot'
import { Cdr } from '../../contracts/cdr.ts'
import type { SiteId } from '../../contracts/names.ts'
import { callPrefix } from '../domain/filing.ts'
import { lane, partyKey } from './cdrs.ts'
import type { Query } from './expressions.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

const Item = v.looseObject({
  sk: v.string(),
  cdr: Cdr,
  a: v.optional(v.string()),
  b: v.optional(v.string()),
  doubt: v.optional(v.string()),
  importId: v.optional(v.string()),
})
const Alias = v.looseObject({ sk: v.string() })

/** A CDR and its key: `row` is `filed#linkedid#uniqueid#sequence`, the order of all lists. */
export interface LogRow {
  row: string
  cdr: Cdr
  /** Canonical numbers of caller and callee, empty if the CDR names none. */
  a: string
  b: string
  /** Why the record cannot be true or whole. */
  doubt?: string | undefined
  /** Id of the import that stored it. */
  importId?: string | undefined
}
export type Side = 'caller' | 'called'
/** Rows from `from` to `to` (RFC 3339, whole seconds, both included); `after` is the last row of the page before. */
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
  /** Bytes that DynamoDB read, by which it bills. */
  bytes: number
}

/** `~` sorts after every character of a row's key, so a row at the very second of `to` is included. */
const afterAll = '~'
/** An eventually consistent read unit is two pages of 4 KB. */
const bytesPerUnit = 8192

/** Reads the call log by time, by party and by call. Lists are eventually consistent, at half the price. */
export class CallLogStore extends Store {
  byTime(site: SiteId, month: string, span: Span, limit: number): Promise<Slice> {
    return this.#slice(keys.timeRows(site, month, lane), (row) => row, span, limit)
  }

  byParty(site: SiteId, side: Side, month: string, number: string, span: Span, limit: number): Promise<Slice> {
    return this.#slice(partition(site, side, month), (row) => partyKey(number, row), span, limit)
  }

  /** Returns the rows of a month whose number begins with a prefix, in no order; `more` if one query of 1 MB does not hold all. */
  async byPrefix(site: SiteId, side: Side, month: string, prefix: string): Promise<Slice> {
    const pk = partition(site, side, month)
    const query = { pk, sk: { beginsWith: prefix }, read: 'eventual' } as const
    return this.#query(query, (sk) => sk.slice(sk.indexOf('#') + 1))
  }

  /** Returns all legs of a call, read consistently: those filed under the time in its linkedid, and those that alias rows name. */
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
    const pk = keys.timeRows(site, prefix.slice(0, 7), lane)
    // A call has some legs; 1 MB would hold 1,700.
    return (await this.#query({ pk, sk: { beginsWith: prefix }, read: 'consistent' })).rows
  }

  async #aliases(site: SiteId, linkedid: string): Promise<string[]> {
    const query = { pk: keys.alias(site, linkedid), read: 'consistent' } as const
    const { items } = await this.table.page(Alias, query)
    return items.map(({ sk }) => sk)
  }

  async #row(site: SiteId, sk: string): Promise<LogRow | undefined> {
    const item = await this.table.get(Item, { pk: keys.timeRows(site, sk.slice(0, 7), lane), sk }, 'consistent')
    return item && toRow(item)
  }

  async #slice(pk: string, keyOf: (row: string) => string, span: Span, limit: number): Promise<Slice> {
    const { from, to, newestFirst, after } = span
    const first = keyOf(newestFirst || after === undefined ? from : after)
    const last = keyOf(newestFirst && after !== undefined ? after : `${to}${afterAll}`)
    if (first > last) return { rows: [], more: false, bytes: 0 }
    const query: Query = {
      pk,
      sk: { between: [first, last] },
      read: 'eventual',
      isDescending: newestFirst,
      // BETWEEN includes `after` itself, and one more row shows whether there are others.
      limit: limit + 1 + (after === undefined ? 0 : 1),
    }
    const cut = keyOf('').length
    const slice = await this.#query(query, (sk) => sk.slice(cut))
    const rows = slice.rows.filter(({ row }) => row !== after)
    return { ...slice, rows: rows.slice(0, limit), more: slice.more || rows.length > limit }
  }

  async #query(query: Query, rowOf = (sk: string) => sk): Promise<Slice> {
    const { items, next, capacityUnits } = await this.table.page(Item, { ...query, countsCapacity: true })
    const rows = items.map(toRow).map((row) => ({ ...row, row: rowOf(row.row) }))
    return { rows, more: next !== undefined, bytes: capacityUnits * bytesPerUnit }
  }
}

function partition(site: SiteId, side: Side, month: string): string {
  return side === 'caller' ? keys.callerRows(site, month) : keys.calleeRows(site, month)
}

function toRow({ sk, cdr, a = '', b = '', doubt, importId }: v.InferOutput<typeof Item>): LogRow {
  return { row: sk, cdr, a, b, ...(doubt !== undefined && { doubt }), ...(importId !== undefined && { importId }) }
}
