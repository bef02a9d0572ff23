import type { StatsBy, StatsQuery } from '../../../contracts/routes/stats.ts'
import { quarterSeconds } from '../../domain/stats/hour-total.ts'
import { nextDay, type OffsetAt, startOfDay } from '../../domain/stats/zone.ts'
import { badFields } from '../problem.ts'

/** From and before, in Unix seconds, whole quarters. */
export interface Period {
  from: number
  to: number
}

/** Days a request may span: 62 days by hour are 1,488 rows; a year of hours is read for days, 12 queries of 1 MB at most. */
const daysMax: Record<StatsBy, number> = { hour: 62, day: 400, week: 800, extension: 93, trunk: 93 }
const daySeconds = 86_400

/** A date means the whole local day, `to` included; a time means that moment, `to` left out, down to its quarter-hour. */
export function periodOf({ from, to, by }: StatsQuery, offsetAt: OffsetAt): Period {
  const start = momentOf('from', from, from.length === 10 ? from : undefined, offsetAt)
  const end = momentOf('to', to, to.length === 10 ? nextDayOf(to) : undefined, offsetAt)
  if (start >= end) throw badFields([{ field: 'from', message: 'from must be before to' }])
  if (end - start > daysMax[by] * daySeconds + 7200) {
    throw badFields([{ field: 'to', message: `at most ${daysMax[by]} days after from when by=${by}` }])
  }
  return { from: start, to: end }
}

function momentOf(field: string, text: string, day: string | undefined, offsetAt: OffsetAt): number {
  const full = text.length === 10 ? `${text}T00:00:00Z` : text
  const ms = Date.parse(full)
  // JavaScript reads the 30th of February as the 2nd of March; here it is no date.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 19) !== full.slice(0, 19)) {
    throw badFields([{ field, message: 'a date that exists' }])
  }
  const seconds = day === undefined ? ms / 1000 : startOfDay(day, offsetAt)
  return Math.floor(seconds / quarterSeconds) * quarterSeconds
}

function nextDayOf(day: string): string {
  return Number.isNaN(Date.parse(`${day}T00:00:00Z`)) ? day : nextDay(day)
}
