import { Cron } from 'croner'
import { LocalCloudError, messageOf } from '../errors.ts'

/** A schedule of EventBridge in UTC. */
export interface Schedule {
  /** Returns the next time after `ms`, undefined if there is none; both are Unix milliseconds. */
  nextAfter(ms: number): number | undefined
}

const unitMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }

/**
 * Parses `rate(5 minutes)` or `cron(0 12 * * ? *)` as the EventBridge user guide defines them ("Setting a schedule pattern").
 * `rule` is named in the error if the expression is not valid.
 */
export function parseSchedule(expression: string, rule: string): Schedule {
  const [, count, unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? []
  const periodMs = Number(count) * (unitMs[unit] ?? Number.NaN)
  if (periodMs > 0) return { nextAfter: (ms) => ms + periodMs }
  const fields = /^cron\((.+)\)$/.exec(expression)?.[1]?.split(/\s+/) ?? []
  const [, , dayOfMonth, , dayOfWeek] = fields
  const isCron = fields.length === 6 && (dayOfMonth === '?') !== (dayOfWeek === '?')
  if (!isCron) throw invalid(expression, rule)
  try {
    // croner's first field is the second. EventBridge counts the days of the week from Sunday = 1 and allows `0/15`.
    const options = { mode: '7-part', timezone: 'UTC', alternativeWeekdays: true, sloppyRanges: true } as const
    const cron = new Cron(`0 ${fields.join(' ')}`, options)
    return { nextAfter: (ms) => cron.nextRun(new Date(ms))?.getTime() }
  } catch (cause) {
    throw invalid(expression, rule, cause)
  }
}

function invalid(expression: string, rule: string, cause?: unknown): LocalCloudError {
  const why = cause === undefined ? '' : ` (${messageOf(cause)})`
  const message =
    `The local cloud cannot serve the rule ${rule}: its schedule ${expression} is not valid${why}; ` +
    'write rate(5 minutes) or cron(0 12 * * ? *), for example.'
  return new LocalCloudError('template-unsupported', message, { cause })
}
