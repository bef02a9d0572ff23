import { type DynamoDBDocumentClient, GetCommand, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { Cdr } from '../../contracts/cdr.ts'
import type { SiteId } from '../../contracts/names.ts'
import { OpenCall, Tally } from '../domain/stats/hour-total.ts'
import { lane } from './cdrs.ts'
import { unlessConditionFailed } from './table.ts'
import { keys } from './table-keys.ts'

/** `n` counts how often the hour was totalled; `tookMs` the last time's work, `doneAt` its end in Unix milliseconds. */
const HourRow = v.looseObject({
  sk: v.string(),
  n: v.number(),
  doneAt: v.number(),
  tookMs: v.number(),
  site: Tally,
  open: v.array(OpenCall),
})
export type HourRow = v.InferOutput<typeof HourRow>
/** What a totalling writes. */
export type NewHour = Pick<HourRow, 'n' | 'doneAt' | 'tookMs' | 'site' | 'open'>
const LinesRow = v.looseObject({ sk: v.string(), lines: v.record(v.string(), Tally) })
const TimeRow = v.looseObject({ cdr: Cdr })

/** An extension's hour is about 50 bytes: 300 of them are 15 KB. */
const linesPerItem = 300

/** Totals of hours (`yyyy-mm-ddThh`, UTC), always made anew from the rows of the hour. */
export class TotalStore {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
  }

  async hour(site: SiteId, hour: string): Promise<HourRow | undefined> {
    const Key = { pk: keys.hours(site, hour.slice(0, 7)), sk: hour.slice(8) }
    const { Item } = await this.#db.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }))
    return Item && v.parse(HourRow, Item)
  }

  /** All CDRs filed in the hour, read consistently: what a mark was written after is among them. */
  async cdrs(site: SiteId, hour: string): Promise<Cdr[]> {
    const pk = keys.timeRows(site, hour.slice(0, 7), lane)
    const items = await this.#items(pk, hour, `${hour}~`, true)
    return items.map((item) => v.parse(TimeRow, item).cdr)
  }

  /** False if another run totalled the hour since `n` was read: its rows may be newer, so ours are not written over them. */
  async put(site: SiteId, hour: string, row: NewHour, lines: ReadonlyMap<string, Tally>): Promise<boolean> {
    const Item = { pk: keys.hours(site, hour.slice(0, 7)), sk: hour.slice(8), ...row }
    if (!(await this.#putIf(Item, 'attribute_not_exists(n) OR n = :n', row.n - 1))) return false
    const all = [...lines]
    for (let part = 0; part * linesPerItem < Math.max(1, all.length); part += 1) {
      const some = Object.fromEntries(all.slice(part * linesPerItem, (part + 1) * linesPerItem))
      const sk = `${hour.slice(8)}#${String(part).padStart(4, '0')}`
      const Item = { pk: keys.lineHours(site, hour.slice(0, 7)), sk, n: row.n, lines: some }
      await this.#putIf(Item, 'attribute_not_exists(n) OR n < :n', row.n)
    }
    return true
  }

  /** Hours of one month from `from` to before `to`, oldest first. */
  async hours(site: SiteId, month: string, from: string, to: string): Promise<{ hour: string; site: Tally }[]> {
    const items = await this.#items(keys.hours(site, month), ddThh(from, month, '00'), ddThh(to, month, '~'), false)
    return items.map((item) => {
      const row = v.parse(HourRow, item)
      return { hour: `${month}-${row.sk}`, site: row.site }
    })
  }

  async lineHours(site: SiteId, month: string, from: string, to: string) {
    const items = await this.#items(
      keys.lineHours(site, month),
      ddThh(from, month, '00'),
      `${ddThh(to, month, '~')}#~`,
      false,
    )
    return items.map((item) => {
      const row = v.parse(LinesRow, item)
      return { hour: `${month}-${row.sk.slice(0, 5)}`, lines: row.lines }
    })
  }

  async #putIf(Item: Record<string, unknown>, ConditionExpression: string, n: number): Promise<boolean> {
    const ExpressionAttributeValues = { ':n': n }
    return unlessConditionFailed(
      this.#db.send(new PutCommand({ TableName: this.#table, Item, ConditionExpression, ExpressionAttributeValues })),
    )
  }

  async #items(pk: string, first: string, last: string, ConsistentRead: boolean): Promise<unknown[]> {
    const items: unknown[] = []
    // An hour of 100,000 rows is 60 pages of 1 MB; a month of hours one or two.
    const pages = paginateQuery(
      { client: this.#db },
      {
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :first AND :last',
        ExpressionAttributeValues: { ':pk': pk, ':first': first, ':last': last },
        ConsistentRead,
      },
    )
    for await (const page of pages) items.push(...(page.Items ?? []))
    return items
  }
}

/** The sort key of an hour, or of the month's edge where the hour is of another month. */
function ddThh(hour: string, month: string, edge: string): string {
  return hour.startsWith(month) ? hour.slice(8) : edge
}
