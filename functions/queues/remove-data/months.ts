import type { SiteId } from '../../../contracts/names.ts'
import { lane } from '../../stores/cdrs.ts'
import { keys } from '../../stores/table-keys.ts'

/** Asterisk is of 1999, and imports bring what it wrote since. */
export const firstMonth = '1999-12'
/** Months looked at at once: most are empty, and their queries are all waiting. */
const monthsAtOnce = 8

export interface MonthScan {
  now: number
  /** The first month looked at. */
  since: string
  /** Whether there is anything in a partition. */
  records: { has(pk: string): Promise<boolean> }
  /** Months that had calls at an earlier look. A write under way then may have come since, without its time row. */
  known: ReadonlySet<string>
  /** Remembers a month before anything of it is removed. */
  note(month: string): Promise<void>
}

/**
 * Each month in which a site has call records, or had: some 330 queries of one item, and the rest only where there is
 * something.
 */
export async function eachBusyMonth(
  site: SiteId,
  look: MonthScan,
  run: (month: string) => Promise<void>,
): Promise<void> {
  const months = monthsOf(look).values()
  const worker = async () => {
    for (const month of months) {
      if (!look.known.has(month)) {
        if (!(await look.records.has(keys.timeRows(site, month, lane)))) continue
        await look.note(month)
      }
      await run(month)
    }
  }
  await Promise.all(Array.from({ length: monthsAtOnce }, worker))
}

function monthsOf({ now, since }: Pick<MonthScan, 'now' | 'since'>): string[] {
  const months: string[] = []
  // Twelve a year.
  for (let at = new Date(now); at.toISOString().slice(0, 7) >= since; ) {
    months.push(at.toISOString().slice(0, 7))
    at = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() - 1, 1))
  }
  return months
}
