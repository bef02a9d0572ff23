/** A period, or the allowed values of each field of a cron expression. */
export type Schedule = { everyMs: number } | { cron: ReadonlySet<number>[] }

const unitMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }
/** Minutes, hours, days of the month, months, days of the week (1 is Sunday), years. */
const ranges = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [1, 7],
  [2020, 2199],
] as const
/** A cron expression that has not fired within four years and a day never will (29 February included). */
const searchMinutesMax = (4 * 365 + 2) * 24 * 60

/** `rate(5 minutes)` or `cron(0 12 * * ? *)` in UTC, as the EventBridge user guide has them; without L, W, # and names. */
export function parseSchedule(expression: string): Schedule | undefined {
  const [, count, unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? []
  const period = Number(count) * (unitMs[unit] ?? Number.NaN)
  if (period > 0) return { everyMs: period }
  const fields = /^cron\((.+)\)$/.exec(expression)?.[1]?.split(/\s+/)
  if (fields?.length !== ranges.length) return undefined
  const cron = ranges.map(([low, high], index) => valuesOf(fields[index] ?? '', low, high))
  return cron.every((values) => values !== undefined && values.size > 0)
    ? { cron: cron.filter((values) => values !== undefined) }
    : undefined
}

function valuesOf(field: string, low: number, high: number): ReadonlySet<number> | undefined {
  const values = new Set<number>()
  for (const part of field.split(',')) {
    const [, star, from, to, step] = /^(?:([*?])|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part) ?? []
    if (star === undefined && from === undefined) return undefined
    const first = star ? low : Number(from)
    const last = star || (step && to === undefined) ? high : Number(to ?? from)
    for (let value = first; value <= Math.min(last, high); value += Math.max(1, Number(step ?? 1))) values.add(value)
  }
  return values
}

/** The next time after `nowMs` at which the schedule fires, Unix milliseconds. */
export function nextAfter(schedule: Schedule, nowMs: number): number {
  if ('everyMs' in schedule) return nowMs + schedule.everyMs
  let at = Math.floor(nowMs / 60_000) * 60_000 + 60_000
  for (let searched = 0; searched < searchMinutesMax && !fires(schedule.cron, new Date(at)); searched++) at += 60_000
  return at
}

function fires(cron: readonly ReadonlySet<number>[], at: Date): boolean {
  const fields = [
    at.getUTCMinutes(),
    at.getUTCHours(),
    at.getUTCDate(),
    at.getUTCMonth() + 1,
    at.getUTCDay() + 1,
    at.getUTCFullYear(),
  ]
  return fields.every((value, index) => cron[index]?.has(value))
}
