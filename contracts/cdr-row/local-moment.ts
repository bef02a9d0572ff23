import { offsetAt } from '../zone.ts'

/**
 * Returns the Unix seconds of a local time `yyyy-mm-dd hh:mm:ss` in an IANA zone; undefined for an invalid date such as MySQL's
 * `0000-00-00 00:00:00`. When clocks go back, the first of the two hours is taken; a skipped hour is read as the one after it, as
 * C's mktime does.
 */
export function localMoment(text: string, zone: string): number | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.\d+)?$/.exec(text.trim())
  if (!match) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number)
  const asUtc = Date.UTC(year, month - 1, day, hour, minute, second)
  if (
    month === 0 ||
    day === 0 ||
    new Date(asUtc).toISOString().slice(0, 19) !== `${text.trim().slice(0, 10)}T${text.trim().slice(11, 19)}`
  ) {
    return undefined
  }
  const wall = asUtc / 1000
  const [early, late] = [wall - offsetAt(zone, wall - 86_400), wall - offsetAt(zone, wall + 86_400)]
  const fits = [Math.min(early, late), Math.max(early, late)].filter((at) => at + offsetAt(zone, at) === wall)
  return fits[0] ?? early
}
