import type { StatsRow } from '../../contracts/routes/stats.ts'

/** Parts of a column of the chart, from the bottom up. Each call counts in exactly one. */
export const parts = ['answered', 'voicemail', 'abandoned', 'busy', 'failed'] as const
export type Part = (typeof parts)[number]
export type Counts = Readonly<Record<Part, number>>

const none: Counts = { answered: 0, voicemail: 0, abandoned: 0, busy: 0, failed: 0 }

export function callsIn(counts: Counts): number {
  return parts.reduce((sum, part) => sum + counts[part], 0)
}

/** Adds up rows by a part of their key. Keys without a row have only zeros. */
export function sumBy(
  rows: readonly StatsRow[],
  keys: readonly string[],
  keyOf: (row: StatsRow) => string,
): Map<string, Counts> {
  const sums = new Map(keys.map((key) => [key, none]))
  for (const row of rows) {
    const key = keyOf(row)
    const before = sums.get(key)
    if (!before) continue
    const sum = { ...before }
    for (const part of parts) sum[part] += row[part]
    sums.set(key, sum)
  }
  return sums
}

/** Local date and hour of a row by hour, `2026-10-25T02:00+02:00`: at a change of the clocks, two rows may be the same hour. */
export function dayOfHour(key: string): string {
  return key.slice(0, 10)
}
export function hourOf(key: string): string {
  return key.slice(11, 13)
}

/** Returns the hours of the day from the first with a call to the last, at least from 8 to 18. */
export function busyHours(rows: readonly StatsRow[]): string[] {
  const used = rows.filter(({ calls }) => calls > 0).map(({ key }) => Number(hourOf(key)))
  const [first, last] = [Math.min(8, ...used), Math.max(17, ...used)]
  return Array.from({ length: last - first + 1 }, (_, n) => String(first + n).padStart(2, '0'))
}

/** Percent of calls that a person answered; undefined without calls. */
export function answerRate(counts: Counts): number | undefined {
  const calls = callsIn(counts)
  return calls === 0 ? undefined : (100 * counts.answered) / calls
}

/** Top of an axis: the next 1, 2 or 5 times a power of ten in four steps. */
export function axisTop(value: number): number {
  const step = Math.max(1, value / 4)
  const power = 10 ** Math.floor(Math.log10(step))
  const nice = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= step && Number.isInteger(factor * power)) ?? 10
  return nice * power * 4
}
