import { offsetAt } from '../../../contracts/zone.ts'

/** Returns how many seconds a zone is ahead of UTC at a time, by Node's IANA zone data. */
export type OffsetAt = (seconds: number) => number

const hourSeconds = 3600
const daySeconds = 86_400

/** Returns the offsets of a zone. */
export function offsetsOf(zone: string): OffsetAt {
  return (seconds) => offsetAt(zone, seconds)
}

/** Returns the local hour with its offset, `2026-10-25T02:00+02:00`, since one hour of that day occurs twice. */
export function hourKey(seconds: number, offsetAt: OffsetAt): string {
  const offset = offsetAt(seconds)
  return `${localText(seconds, offset).slice(0, 13)}:00${offsetText(offset)}`
}

export function dayKey(seconds: number, offsetAt: OffsetAt): string {
  return localText(seconds, offsetAt(seconds)).slice(0, 10)
}

/** Returns the week, `2026-W43`. By ISO 8601 a week begins on Monday and belongs to the year of its Thursday. */
export function weekKey(seconds: number, offsetAt: OffsetAt): string {
  const day = Date.parse(`${dayKey(seconds, offsetAt)}T00:00:00Z`) / 1000
  const weekday = (new Date(day * 1000).getUTCDay() + 6) % 7
  const thursday = new Date((day + (3 - weekday) * daySeconds) * 1000)
  const year = thursday.getUTCFullYear()
  const week = Math.floor((thursday.getTime() / 1000 - Date.UTC(year, 0, 1) / 1000) / (7 * daySeconds)) + 1
  return `${year}-W${String(week).padStart(2, '0')}`
}

/** Returns the Unix seconds at which a local day begins. If its midnight is skipped, that is the first moment after it. */
export function startOfDay(day: string, offsetAt: OffsetAt): number {
  const utc = Date.parse(`${day}T00:00:00Z`) / 1000
  // A local day begins between 14 hours before and 12 hours after the UTC day; offsets are multiples of a quarter hour.
  for (let at = utc - 14 * hourSeconds; at <= utc + 13 * hourSeconds; at += 900) {
    if (dayKey(at, offsetAt) >= day) return at
  }
  return utc
}

export function nextDay(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + daySeconds * 1000).toISOString().slice(0, 10)
}

export function previousDay(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) - daySeconds * 1000).toISOString().slice(0, 10)
}

function localText(seconds: number, offset: number): string {
  return new Date((seconds + offset) * 1000).toISOString()
}

function offsetText(offset: number): string {
  const minutes = Math.abs(offset) / 60
  const two = (n: number) => String(n).padStart(2, '0')
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}
