import type { StatsBy, StatsQuery } from '../../../contracts/routes/stats.ts'
import { quarterSeconds } from '../../domain/stats/hour-total.ts'
import { nextDay, type OffsetAt, startOfDay } from '../../domain/stats/zone.ts'
import { badFields } from '../problem.ts'

/** Start (included) and end (not included) in Unix seconds, at whole quarters of an hour. */
export interface Period {
  from: number
  to: number
}

/** Longest period in days: 62 days by hour are 1,488 rows; 400 days are at most 14 queries of 1 MB. */
const daysMax: Record<StatsBy, number> = { hour: 62, day: 400, week: 800, extension: 93, trunk: 93 }
const daySeconds = 86_400

/** Returns the period. A date means the whole local day, also for `to`; a time is rounded down to its quarter-hour, and `to` is not included. */
export function periodOf({ from, to, by }: StatsQuery, offsetAt: OffsetAt): Period {
  const start = momentOf('from', from, from.length === 10 ? from : undefined, offsetAt)
  const end = momentOf('to', to, to.length === 10 ? nextDayOf(to) : undefined, offsetAt)
  if (start >= end) throw badFields([{ field: 'from', message: '`from` must be earlier than `to`.' }])
  if (end - start > daysMax[by] * daySeconds + 7200) {
    throw badFields([{ field: 'to', message: `Too late: at most ${daysMax[by]} days after \`from\` for by=${by}.` }])
  }
  return { from: start, to: end }
}

function momentOf(field: string, text: string, day: string | undefined, offsetAt: OffsetAt): number {
  const full = text.length === 10 ? `${text}T00:00:00Z` : text
  const ms = Date.parse(full)
  // JavaScript reads 30 February as 2 March, so the date is compared with its own spelling.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 19) !== full.slice(0, 19)) {
    throw badFields([{ field, message: 'Not a date that exists.' }])
  }
  const seconds = day === undefined ? ms / 1000 : startOfDay(day, offsetAt)
  return Math.floor(seconds / quarterSeconds) * quarterSeconds
}

function nextDayOf(day: string): string {
  return Number.isNaN(Date.parse(`${day}T00:00:00Z`)) ? day : nextDay(day)
}
