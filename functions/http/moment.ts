import { isRealTime } from '../../contracts/names.ts'
import { badFields, type FieldError } from './problem.ts'

/** Nine years before the first Asterisk: no call record is older. Together with the latest one it bounds what a request can read. */
const earliest = '1990-01-01'
const dayMs = 86_400_000
/** Until the end of tomorrow, in every time zone. */
const aheadMs = 2 * dayMs

/** Returns the Unix milliseconds of a date or of a time in UTC, or NaN after adding an error. The field names it in the error. */
export function momentOf(field: string, text: string, now: number, errors: FieldError[]): number {
  const full = text.length === 10 ? `${text}T00:00:00Z` : text
  const ms = Date.parse(full)
  const message = messageOf(text, full, ms, now)
  if (message === undefined) return ms
  errors.push({ field, message })
  return Number.NaN
}

function messageOf(text: string, full: string, ms: number, now: number): string | undefined {
  if (!isRealTime(full)) return 'Not a date that exists. Example: 2026-11-23.'
  if (ms < Date.parse(earliest)) return `Too early: ${text}. The earliest date is ${earliest}.`
  if (ms > now + aheadMs) return `Too late: ${text}. The latest date is tomorrow, ${tomorrow(now)}.`
  return undefined
}

function tomorrow(now: number): string {
  return new Date(now + dayMs).toISOString().slice(0, 10)
}

/** Checks a single date, `yyyy-mm-dd`. @throws HttpProblemError 400 if it does not exist, is before 1990 or after tomorrow */
export function checkDay(field: string, day: string, now: number): void {
  const errors: FieldError[] = []
  momentOf(field, day, now, errors)
  if (errors.length > 0) throw badFields(errors)
}
