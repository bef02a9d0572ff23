import type { SiteId } from '../../../contracts/names.ts'
import { lane } from '../../stores/cdrs.ts'
import { keys } from '../../stores/table-keys.ts'

/** The first release of Asterisk: imported call records can be this old. */
export const firstMonth = '1999-12'
/** Months handled concurrently: most are empty, and each needs one query. */
const monthsAtOnce = 8

export interface MonthScan {
  now: number
  /** The first month, `yyyy-mm`. */
  since: string
  /** `has` returns true if a partition has any item. */
  records: { has(pk: string): Promise<boolean> }
  /** Months that had calls in an earlier pass: a write that was under way then may have added rows since. */
  known: ReadonlySet<string>
  /** Saves a month before anything of it is removed. */
  remember(month: string): Promise<void>
}

/**
 * Calls `run` for each month in which a site has call records, or had them in an earlier pass. That takes about 330 queries of
 * one item.
 */
export async function eachBusyMonth(
  site: SiteId,
  scan: MonthScan,
  run: (month: string) => Promise<void>,
): Promise<void> {
  const months = monthsOf(scan).values()
  const worker = async () => {
    for (const month of months) {
      if (!scan.known.has(month)) {
        if (!(await scan.records.has(keys.timeRows(site, month, lane)))) continue
        await scan.remember(month)
      }
      await run(month)
    }
  }
  await Promise.all(Array.from({ length: monthsAtOnce }, worker))
}

function monthsOf({ now, since }: Pick<MonthScan, 'now' | 'since'>): string[] {
  const months: string[] = []
  // Twelve turns for each year since 1999.
  for (let at = new Date(now); at.toISOString().slice(0, 7) >= since; ) {
    months.push(at.toISOString().slice(0, 7))
    at = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() - 1, 1))
  }
  return months
}
