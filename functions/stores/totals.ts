import * as v from 'valibot'
import { Cdr } from '../../contracts/cdr.ts'
import type { SiteId } from '../../contracts/names.ts'
import { OpenCall, Tally } from '../domain/stats/hour-total.ts'
import { lane } from './cdrs.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

/** `n` counts how often the hour was totalled; `tookMs` is how long the last time took, `doneAt` when it ended (Unix milliseconds). */
const HourRow = v.looseObject({
  sk: v.string(),
  n: v.number(),
  doneAt: v.number(),
  tookMs: v.number(),
  site: Tally,
  open: v.array(OpenCall),
})
export type HourRow = v.InferOutput<typeof HourRow>
/** The totals of an hour as a roll-up writes them. */
export type NewHour = Pick<HourRow, 'n' | 'doneAt' | 'tookMs' | 'site' | 'open'>
const LinesRow = v.looseObject({ sk: v.string(), lines: v.record(v.string(), Tally) })
const TimeRow = v.looseObject({ cdr: Cdr })

/** An extension's hour is about 50 bytes: 300 of them are 15 KB. */
const linesPerItem = 300

/** An hour of 100,000 rows is 60 pages of 1 MB, a month of hours one or two. */
const pagesMax = 1_000

/** Stores the totals of hours (`yyyy-mm-ddThh`, UTC). They are always computed from all rows of the hour. */
export class TotalStore extends Store {
  async hour(site: SiteId, hour: string): Promise<HourRow | undefined> {
    return this.table.get(HourRow, { pk: keys.hours(site, hour.slice(0, 7)), sk: hour.slice(8) }, 'consistent')
  }

  /** Returns all CDRs of the hour, read consistently: every row that was written before the hour's mark is among them. */
  async cdrs(site: SiteId, hour: string): Promise<Cdr[]> {
    const pk = keys.timeRows(site, hour.slice(0, 7), lane)
    const query = { pk, sk: { between: [hour, `${hour}~`] }, read: 'consistent' } as const
    const rows = await this.table.items(TimeRow, query, pagesMax)
    return rows.filter(({ doubt }) => doubt === undefined).map(({ cdr }) => cdr)
  }

  /** Returns false if another run totalled the hour since `n` was read: it may have seen newer rows, so its totals stay. */
  async put(site: SiteId, hour: string, row: NewHour, lines: ReadonlyMap<string, Tally>): Promise<boolean> {
    const item = { pk: keys.hours(site, hour.slice(0, 7)), sk: hour.slice(8), ...row }
    const isNext = { condition: 'attribute_not_exists(n) OR n = :n', values: { n: row.n - 1 } }
    if (!(await this.table.putIf(item, isNext))) return false
    const all = [...lines]
    for (let part = 0; part * linesPerItem < Math.max(1, all.length); part += 1) {
      const some = Object.fromEntries(all.slice(part * linesPerItem, (part + 1) * linesPerItem))
      const sk = `${hour.slice(8)}#${String(part).padStart(4, '0')}`
      const item = { pk: keys.lineHours(site, hour.slice(0, 7)), sk, n: row.n, lines: some }
      await this.table.putIf(item, { condition: 'attribute_not_exists(n) OR n < :n', values: { n: row.n } })
    }
    return true
  }

  /** Returns the hours of one month from `from` (included) to `to` (excluded), oldest first. */
  async hours(site: SiteId, month: string, from: string, to: string): Promise<{ hour: string; site: Tally }[]> {
    const between = [ddThh(from, month, '00'), ddThh(to, month, '~')] as const
    const query = { pk: keys.hours(site, month), sk: { between }, read: 'eventual' } as const
    const rows = await this.table.items(HourRow, query, pagesMax)
    return rows.map((row) => ({ hour: `${month}-${row.sk}`, site: row.site }))
  }

  async lineHours(site: SiteId, month: string, from: string, to: string) {
    const between = [ddThh(from, month, '00'), `${ddThh(to, month, '~')}#~`] as const
    const query = { pk: keys.lineHours(site, month), sk: { between }, read: 'eventual' } as const
    const rows = await this.table.items(LinesRow, query, pagesMax)
    return rows.map((row) => ({ hour: `${month}-${row.sk.slice(0, 5)}`, lines: row.lines }))
  }
}

/** Returns the sort key of an hour, or `edge` if the hour is of another month. */
function ddThh(hour: string, month: string, edge: string): string {
  return hour.startsWith(month) ? hour.slice(8) : edge
}
