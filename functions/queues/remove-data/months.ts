import type { SiteId } from '../../../contracts/names.ts'
import { monthsBack } from '../../domain/filing.ts'
import { lane } from '../../stores/cdrs.ts'
import { keys } from '../../stores/table-keys.ts'

/** The first release of Asterisk: imported call records can be this old. */
export const firstMonth = '1999-12'
/** Months looked up concurrently: most are empty, and each needs two queries. */
const lookUpsAtOnce = 8

export interface MonthScan {
  now: number
  /** The first month, `yyyy-mm`. */
  since: string
  /** `has` returns true if a partition has any item. */
  records: { has(pk: string): Promise<boolean> }
  /** Months that had calls in an earlier pass: a write that was under way then may have added rows since. */
  known: ReadonlySet<string>
  /** Whether an earlier invocation of this pass has done a month. */
  isDone?(month: string): boolean
  /** Saves a month before anything of it is removed. */
  remember(month: string): Promise<void>
}

/**
 * Calls `run` for each month in which a site has call records or totals, or had them in an earlier pass: one month after the
 * other, so that an invocation completes months before its time is over. That takes about 660 queries of one item.
 */
export async function eachBusyMonth(
  site: SiteId,
  scan: MonthScan,
  run: (month: string) => Promise<void>,
): Promise<void> {
  const months = monthsBack(scan.since, new Date(scan.now).toISOString()).filter((month) => !scan.isDone?.(month))
  const unknown = months.filter((month) => !scan.known.has(month)).values()
  const found = new Set<string>()
  const lookUp = async () => {
    for (const month of unknown) {
      // Totals are kept for longer than the records that they count.
      const parts = [keys.timeRows(site, month, lane), keys.hours(site, month)]
      if ((await Promise.all(parts.map((pk) => scan.records.has(pk)))).includes(true)) found.add(month)
    }
  }
  await Promise.all(Array.from({ length: lookUpsAtOnce }, lookUp))
  for (const month of months) {
    if (found.has(month)) await scan.remember(month)
    else if (!scan.known.has(month)) continue
    await run(month)
  }
}
