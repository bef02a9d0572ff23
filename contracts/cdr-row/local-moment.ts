import { offsetAt } from '../zone.ts'

/**
 * Returns the Unix seconds of a clock's `yyyy-mm-dd hh:mm:ss` in an IANA zone; undefined for a text that is no date, such
 * as MySQL's `0000-00-00 00:00:00`. Of the hour that comes twice when clocks go back, the moment nearer to `near` (Unix
 * seconds) is taken, the first without it. An hour that is skipped is read as the one after it, as C's mktime does.
 */
export function localMoment(text: string, zone: string, near?: number): number | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:[.,]\d+)?$/.exec(text.trim())
  if (!match) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number)
  const asUtc = Date.UTC(year, month - 1, day, hour, minute, second)
  const isDate = year >= 100 && month >= 1 && month <= 12 && day >= 1 && new Date(asUtc).getUTCDate() === day
  if (!isDate || hour > 23 || minute > 59 || second > 59) return undefined
  const wall = asUtc / 1000
  const [early, late] = [wall - offsetAt(zone, wall - 86_400), wall - offsetAt(zone, wall + 86_400)]
  const fits = [Math.min(early, late), Math.max(early, late)].filter((at) => at + offsetAt(zone, at) === wall)
  const [first = early, last = first] = fits
  return near !== undefined && Math.abs(last - near) < Math.abs(first - near) ? last : first
}
