import type { StatsBy, StatsQuery } from '../../../contracts/routes/stats.ts'
import { quarterSeconds } from '../../domain/stats/hour-total.ts'
import { nextDay, type OffsetAt, startOfDay } from '../../domain/stats/zone.ts'
import { momentOf } from '../moment.ts'
import { badFields, type FieldError } from '../problem.ts'

/** Start (included) and end (not included) in Unix seconds, at whole quarters of an hour. */
export interface Period {
  from: number
  to: number
}

/** Longest period in days: 62 days by hour are 1,488 rows; 400 days are at most 14 queries of 1 MB. */
const daysMax: Record<StatsBy, number> = { hour: 62, day: 400, week: 800, extension: 93, trunk: 93 }
const daySeconds = 86_400

/**
 * Returns the period. A date means the whole local day, also for `to`; a time is rounded down to its quarter-hour, and `to` is not
 * included. `now` is in Unix milliseconds.
 * @throws HttpProblemError 400 with every wrong field
 */
export function periodOf({ from, to, by }: StatsQuery, offsetAt: OffsetAt, now: number): Period {
  const errors: FieldError[] = []
  const [start, end] = [momentOf('from', from, now, errors), momentOf('to', to, now, errors)]
  if (errors.length > 0) throw badFields(errors)
  const period = {
    from: quarterOf(isDay(from) ? startOfDay(from, offsetAt) : start / 1000),
    to: quarterOf(isDay(to) ? startOfDay(nextDay(to), offsetAt) : end / 1000),
  }
  if (period.from >= period.to) throw badFields([{ field: 'from', message: '`from` must be earlier than `to`.' }])
  if (period.to - period.from > daysMax[by] * daySeconds + 7200) {
    throw badFields([{ field: 'to', message: `Too late: at most ${daysMax[by]} days after \`from\` for by=${by}.` }])
  }
  return period
}

function isDay(text: string): boolean {
  return text.length === 10
}

function quarterOf(seconds: number): number {
  return Math.floor(seconds / quarterSeconds) * quarterSeconds
}
