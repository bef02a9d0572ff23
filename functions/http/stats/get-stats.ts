import type { SiteId } from '../../../contracts/names.ts'
import type { Stats, StatsBy, StatsQuery, StatsRow } from '../../../contracts/routes/stats.ts'
import { monthsBack } from '../../domain/filing.ts'
import { type Reader, seesPersonal } from '../../domain/personal.ts'
import { addCounts, type Counts, directions, noCounts, toFigures } from '../../domain/stats/figures.ts'
import { quarterSeconds, quartersPerHour, type Tally } from '../../domain/stats/hour-total.ts'
import { dayKey, hourKey, type OffsetAt, offsetsOf, weekKey } from '../../domain/stats/zone.ts'
import { HttpProblemError } from '../problem.ts'
import { type Period, periodOf } from './period.ts'

export interface TotalReader {
  hours(site: SiteId, month: string, from: string, to: string): Promise<{ hour: string; site: Tally }[]>
  lineHours(
    site: SiteId,
    month: string,
    from: string,
    to: string,
  ): Promise<{ hour: string; lines: Record<string, Tally> }[]>
}

/**
 * Refuses figures by extension to a caller who may not see numbers: with one call in an hour, they say who called whom.
 * @throws HttpProblemError 403
 */
export function checkLineScope(reader: Reader, by: StatsBy): void {
  if (by !== 'extension' || seesPersonal(reader, 'cdrs')) return
  throw new HttpProblemError(403, 'scope-missing', 'Figures by extension need the scope cdrs:personal.', {
    errors: [{ field: 'by', message: 'Needs the scope cdrs:personal. Example of another: trunk.' }],
  })
}

/** Sums of one row. */
class RowSums {
  readonly counts = directions.map(noCounts)
  peak = 0

  add(tally: Tally, quarter: number): void {
    for (const [of, direction = 0, ...counts] of tally.counts) {
      const into = this.counts[direction]
      if (of === quarter && into) addCounts(into, counts)
    }
    this.peak = Math.max(this.peak, tally.peaks[quarter] ?? 0)
  }

  row(key: string): StatsRow {
    const all: Counts = noCounts()
    for (const counts of this.counts) addCounts(all, counts)
    const byDirection = Object.fromEntries(directions.map((name, i) => [name, toFigures(this.counts[i] ?? noCounts())]))
    return { key, ...toFigures(all), maxConcurrent: this.peak, directions: byDirection }
  }
}

/**
 * Returns the totals of the quarter-hours that begin between `from` and `to`, in rows of the site's time zone: a day on which the
 * clocks change has 23 or 25 hours, and in a zone with a half-hour offset an hour spans two halves of UTC hours. Hours, days and
 * weeks without calls are rows of zeros.
 */
export async function getStats(
  site: SiteId,
  query: StatsQuery,
  { totals, zone, now = Date.now() }: { totals: TotalReader; zone: string; now?: number },
): Promise<Stats> {
  const { by } = query
  const offsetAt = offsetsOf(zone)
  const period = periodOf(query, offsetAt, now)
  const rows = new Map<string, RowSums>()
  const total = new RowSums()
  const rowOf = (key: string) => {
    const row = rows.get(key) ?? new RowSums()
    rows.set(key, row)
    return row
  }
  const take = (hour: string, add: (quarter: number, at: number) => void) => {
    for (let quarter = 0; quarter < quartersPerHour; quarter += 1) {
      const at = Date.parse(`${hour}:00:00Z`) / 1000 + quarter * quarterSeconds
      if (at >= period.from && at < period.to) add(quarter, at)
    }
  }
  const keyOf = by === 'extension' || by === 'trunk' ? undefined : clockKeys[by]
  const quarters = (period.to - period.from) / quarterSeconds
  if (keyOf) for (let n = 0; n < quarters; n += 1) rowOf(keyOf(period.from + n * quarterSeconds, offsetAt))
  for (const { hour, site: tally } of await read(period, (...where) => totals.hours(site, ...where))) {
    take(hour, (quarter, at) => {
      total.add(tally, quarter)
      if (keyOf) rowOf(keyOf(at, offsetAt)).add(tally, quarter)
    })
  }
  if (!keyOf) {
    const prefix = by === 'trunk' ? 'trunk:' : 'ext:'
    for (const { hour, lines } of await read(period, (...where) => totals.lineHours(site, ...where))) {
      for (const [line, tally] of Object.entries(lines)) {
        if (line.startsWith(prefix)) take(hour, (quarter) => rowOf(line.slice(prefix.length)).add(tally, quarter))
      }
    }
  }
  const found = [...rows]
    .map(([key, row]) => row.row(key))
    .filter((row) => keyOf || row.calls > 0 || row.maxConcurrent > 0)
  if (!keyOf) found.sort((a, b) => b.calls - a.calls || (a.key < b.key ? -1 : 1))
  return { zone, by, rows: found, total: total.row('total') }
}

const clockKeys = { hour: hourKey, day: dayKey, week: weekKey } satisfies Record<
  string,
  (at: number, offsetAt: OffsetAt) => string
>

async function read<T>(period: Period, month: (month: string, from: string, to: string) => Promise<T[]>): Promise<T[]> {
  const [from, to] = [hourText(period.from), hourText(period.to)]
  const months = monthsBack(from, to).reverse()
  return (await Promise.all(months.map((name) => month(name, from, to)))).flat()
}

function hourText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 13)
}
