/*
 * Rows of a table are grouped by the beginning of their time, `yyyy-mm-dd hh:mm:ss`: 10 characters name a day, 13 an hour, 16 a
 * minute and 19 a second. The database cuts the text, so that its groups and the ranges here are the same in every zone.
 */
export const levels = [10, 13, 16, 19] as const
export type Level = (typeof levels)[number]

const spanMs: Record<Level, number> = { 10: 86_400_000, 13: 3_600_000, 16: 60_000, 19: 1_000 }
const whole = '0000-01-01 00:00:00'

/** Returns the next finer level; undefined below seconds. */
export function finer(level: Level): Level | undefined {
  return levels.find((other) => other > level)
}

/** A range of times as the table writes them, `from` included, `to` excluded. */
export interface TimeRange {
  from: string
  to?: string
}

/**
 * Returns the times that begin with a prefix. Undefined for what is no date of four digits, such as MySQL's `0000-00-00` or
 * PostgreSQL's `infinity`.
 */
export function rangeOf(prefix: string): Required<TimeRange> | undefined {
  const level = levels.find((one) => one === prefix.length)
  const from = prefix + whole.slice(prefix.length)
  const ms = /^[1-9]\d{3}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(from) ? Date.parse(`${from.replace(' ', 'T')}Z`) : Number.NaN
  if (level === undefined || Number.isNaN(ms) || wallClock(ms) !== from) return undefined
  return { from, to: wallClock(ms + spanMs[level]) }
}

/** Returns Unix milliseconds as `yyyy-mm-dd hh:mm:ss` of UTC. */
export function wallClock(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}

/** Returns the time that is `ms` before `text`; undefined if it is no date. */
export function earlier(text: string, ms: number): string | undefined {
  const range = rangeOf(text.slice(0, 19))
  return range && wallClock(Date.parse(`${range.from.replace(' ', 'T')}Z`) - ms)
}
