import type { Cdr } from '../../../contracts/cdr.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { Numbering } from '../../domain/phone-number.ts'
import { countedCalls } from '../../domain/stats/counted-calls.ts'
import { type Tally, totalHour } from '../../domain/stats/hour-total.ts'
import { describeError, logOutcome } from '../../log.ts'
import type { Mark } from '../../stores/dirty-hours.ts'
import type { HourRow, NewHour } from '../../stores/totals.ts'

export interface Marks {
  marks(most: number): Promise<Mark[]>
  mark(site: SiteId, hour: string): Promise<void>
  clear(mark: Mark): Promise<boolean>
}
export interface Totals {
  hour(site: SiteId, hour: string): Promise<HourRow | undefined>
  cdrs(site: SiteId, hour: string): Promise<Cdr[]>
  put(site: SiteId, hour: string, row: NewHour, lines: ReadonlyMap<string, Tally>): Promise<boolean>
}
export interface RollUpDependencies {
  hours: Marks
  totals: Totals
  numberingOf(site: SiteId): Promise<Numbering>
  now: () => number
  /** No hour is begun after this, Unix milliseconds. */
  until: number
}

/** A tick takes at most this many; the others wait a minute. */
const marksMax = 500
/** An hour rests this many times as long as its last totalling took: a busy site costs a twentieth of the time at most. */
const restFactor = 20
const hourMs = 3_600_000

export interface RollUpCount {
  done: number
  resting: number
  /** Totalled by another run at the same time, or marked again meanwhile: they come with the next tick. */
  again: number
  failed: number
}

/** Totals every dirty hour anew from its rows. Nothing is ever added up, so a row that came twice cannot count twice. */
export async function rollUp(rolling: RollUpDependencies): Promise<RollUpCount> {
  const count: RollUpCount = { done: 0, resting: 0, again: 0, failed: 0 }
  for (const mark of await rolling.hours.marks(marksMax)) {
    if (rolling.now() >= rolling.until) break
    try {
      count[await redo(mark, rolling)] += 1
    } catch (error) {
      count.failed += 1
      logOutcome('error', 'roll-up-failed', { site: mark.site, hour: mark.hour, error: describeError(error) })
    }
  }
  return count
}

async function redo(
  mark: Mark,
  { hours, totals, numberingOf, now }: RollUpDependencies,
): Promise<'done' | 'resting' | 'again'> {
  const { site, hour } = mark
  const started = now()
  const [known, previous, numbering] = await Promise.all([
    totals.hour(site, hour),
    totals.hour(site, neighbour(hour, -1)),
    numberingOf(site),
  ])
  if (known && started < known.doneAt + restFactor * known.tookMs) return 'resting'
  const calls = countedCalls(await totals.cdrs(site, hour), numbering)
  const total = totalHour(startOf(hour) / 1000, calls, previous?.open ?? [])
  const n = (known?.n ?? 0) + 1
  const row = { n, site: total.site, open: total.open, doneAt: now(), tookMs: now() - started }
  if (!(await totals.put(site, hour, row, total.lines))) return 'again'
  // Its peaks count the calls that go on into it; marked before this mark goes, so that a crash forgets neither.
  if (JSON.stringify(known?.open ?? []) !== JSON.stringify(total.open)) await hours.mark(site, neighbour(hour, 1))
  return (await hours.clear(mark)) ? 'done' : 'again'
}

function startOf(hour: string): number {
  return Date.parse(`${hour}:00:00Z`)
}

function neighbour(hour: string, by: number): string {
  return new Date(startOf(hour) + by * hourMs).toISOString().slice(0, 13)
}
