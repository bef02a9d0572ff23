import { offsetAt } from '../../../contracts/zone.ts'

/** Seconds that a zone's clocks are ahead of UTC at a moment; by the zone data that Node brings (IANA). */
export type OffsetAt = (seconds: number) => number

const hourSeconds = 3600
const daySeconds = 86_400

/** Offsets of a zone, each quarter of an hour looked up once: clocks change on a quarter everywhere. */
export function offsetsOf(zone: string): OffsetAt {
  const known = new Map<number, number>()
  return (seconds) => {
    const quarter = Math.floor(seconds / 900)
    const found = known.get(quarter) ?? offsetAt(zone, quarter * 900)
    known.set(quarter, found)
    return found
  }
}

/** `2026-10-25T02:00+02:00`: the hour of the clock, and its offset, since one hour of that day comes twice. */
export function hourKey(seconds: number, offsetAt: OffsetAt): string {
  const offset = offsetAt(seconds)
  return `${localText(seconds, offset).slice(0, 13)}:00${offsetText(offset)}`
}

export function dayKey(seconds: number, offsetAt: OffsetAt): string {
  return localText(seconds, offsetAt(seconds)).slice(0, 10)
}

/** ISO 8601: a week begins on Monday and belongs to the year of its Thursday. */
export function weekKey(seconds: number, offsetAt: OffsetAt): string {
  const day = Date.parse(`${dayKey(seconds, offsetAt)}T00:00:00Z`) / 1000
  const weekday = (new Date(day * 1000).getUTCDay() + 6) % 7
  const thursday = new Date((day + (3 - weekday) * daySeconds) * 1000)
  const year = thursday.getUTCFullYear()
  const week = Math.floor((thursday.getTime() / 1000 - Date.UTC(year, 0, 1) / 1000) / (7 * daySeconds)) + 1
  return `${year}-W${String(week).padStart(2, '0')}`
}

/** Unix seconds at which a local day begins; where its midnight is skipped, the first moment of it. */
export function startOfDay(day: string, offsetAt: OffsetAt): number {
  const utc = Date.parse(`${day}T00:00:00Z`) / 1000
  // A day begins at most 14 hours before and 12 after UTC's; quarters are tried since zones differ by them.
  for (let at = utc - 14 * hourSeconds; at <= utc + 13 * hourSeconds; at += 900) {
    if (dayKey(at, offsetAt) >= day) return at
  }
  return utc
}

export function nextDay(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + daySeconds * 1000).toISOString().slice(0, 10)
}

function localText(seconds: number, offset: number): string {
  return new Date((seconds + offset) * 1000).toISOString()
}

function offsetText(offset: number): string {
  const minutes = Math.abs(offset) / 60
  const two = (n: number) => String(n).padStart(2, '0')
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}
