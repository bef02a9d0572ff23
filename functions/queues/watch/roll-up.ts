import type { Cdr } from '../../../contracts/cdr.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { isOpen, isPlacedCall, type PlacedFacts } from '../../domain/calls/placed.ts'
import { turnAt } from '../../domain/fair-order.ts'
import type { Numbering } from '../../domain/phone-number.ts'
import { countedCalls } from '../../domain/stats/counted-calls.ts'
import { type Tally, totalHour } from '../../domain/stats/hour-total.ts'
import { describeError, logOutcome } from '../../log.ts'
import type { Mark } from '../../stores/dirty-hours.ts'
import type { HourRow, NewHour } from '../../stores/totals.ts'

export interface Marks {
  marks(most: number, turn: number): Promise<Mark[]>
  mark(site: SiteId, hour: string): Promise<void>
  clear(mark: Mark): Promise<boolean>
}
export interface Totals {
  hour(site: SiteId, hour: string): Promise<HourRow | undefined>
  cdrs(site: SiteId, hour: string): Promise<Cdr[]>
  put(site: SiteId, hour: string, row: NewHour, lines: ReadonlyMap<string, Tally>): Promise<boolean>
}
export interface PlacedRows {
  find(site: SiteId, call: string): Promise<PlacedFacts | undefined>
}
export interface RollUpDependencies {
  hours: Marks
  totals: Totals
  placed: PlacedRows
  numberingOf(site: SiteId): Promise<Numbering>
  now: () => number
  /** No hour is started after this time, Unix milliseconds. */
  until: number
}

/** Hours handled by one tick; the others wait a minute. */
const marksMax = 500
/** After an hour was totalled, it waits this many times as long as that took: a busy site costs a twentieth of the time. */
const restFactor = 20
const hourMs = 3_600_000

export interface RollUpCount {
  done: number
  resting: number
  /** Totalled by a concurrent run, marked again meanwhile, or with a call by API that has no end yet: left to the next tick. */
  again: number
  failed: number
}

/** Computes the totals of every dirty hour from all its rows. Totals are never incremented, so a redelivered row is counted once. */
export async function rollUp(dependencies: RollUpDependencies): Promise<RollUpCount> {
  const count: RollUpCount = { done: 0, resting: 0, again: 0, failed: 0 }
  for (const mark of await dependencies.hours.marks(marksMax, turnAt(dependencies.now()))) {
    if (dependencies.now() >= dependencies.until) break
    try {
      count[await totalAgain(mark, dependencies)] += 1
    } catch (error) {
      count.failed += 1
      logOutcome('error', 'roll-up-failed', { site: mark.site, hour: mark.hour, error: describeError(error) })
    }
  }
  return count
}

async function totalAgain(
  mark: Mark,
  { hours, totals, placed, numberingOf, now }: RollUpDependencies,
): Promise<'done' | 'resting' | 'again'> {
  const { site, hour } = mark
  const started = now()
  const [known, previous, numbering] = await Promise.all([
    totals.hour(site, hour),
    totals.hour(site, neighbour(hour, -1)),
    numberingOf(site),
  ])
  if (known && started < known.doneAt + restFactor * known.tookMs) return 'resting'
  const cdrs = await totals.cdrs(site, hour)
  const rows = await placedRows(site, cdrs, placed)
  const calls = countedCalls(cdrs, numbering, rows)
  const total = totalHour(startOf(hour) / 1000, calls, previous?.open ?? [])
  const n = (known?.n ?? 0) + 1
  const row = { n, site: total.site, open: total.open, doneAt: now(), tookMs: now() - started }
  if (!(await totals.put(site, hour, row, total.lines))) return 'again'
  // The peaks of the next hour count the calls that continue into it. It is marked before this mark is deleted, so that a
  // crash loses neither.
  if (JSON.stringify(known?.open ?? []) !== JSON.stringify(total.open)) await hours.mark(site, neighbour(hour, 1))
  // The mark stays until the bridge has reported how each call by API ended.
  if ([...rows.values()].some((row) => isOpen(row, now()))) return 'again'
  return (await hours.clear(mark)) ? 'done' : 'again'
}

/** Concurrent reads of rows: 1,000 calls by API in an hour take half a second. */
const readsAtOnce = 25

/** Returns the rows of the calls by API among these CDRs, by linkedid. */
async function placedRows(site: SiteId, cdrs: readonly Cdr[], placed: PlacedRows): Promise<Map<string, PlacedFacts>> {
  const rows = new Map<string, PlacedFacts>()
  const ids = new Set(cdrs.map(({ linkedid }) => linkedid).filter(isPlacedCall)).values()
  const worker = async () => {
    for (const id of ids) {
      const row = await placed.find(site, id)
      if (row) rows.set(id, row)
    }
  }
  await Promise.all(Array.from({ length: readsAtOnce }, worker))
  return rows
}

function startOf(hour: string): number {
  return Date.parse(`${hour}:00:00Z`)
}

function neighbour(hour: string, by: number): string {
  return new Date(startOf(hour) + by * hourMs).toISOString().slice(0, 13)
}
