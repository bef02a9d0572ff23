import { currentLocale, t } from './language.ts'

/** Times are shown in this time zone: the site's, or the browser's until the site's is known. */
let zone = new Intl.DateTimeFormat().resolvedOptions().timeZone

export function shownZone(): string {
  return zone
}

export function showZone(name: string): void {
  zone = name
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** Formats a moment. Spaces become no-break spaces, so that a narrow cell does not break within a time. */
export function format(at: number | Date, options: Intl.DateTimeFormatOptions): string {
  const locale = currentLocale()
  const key = `${locale} ${zone} ${JSON.stringify(options)}`
  const known = formats.get(key) ?? new Intl.DateTimeFormat(locale, { timeZone: zone, ...options })
  formats.set(key, known)
  return known.format(at).replace(/\s/g, '\u00a0')
}

/** Returns the day of a moment in the shown zone as `2026-11-24`. */
export function dayOf(atMs: number): string {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' })
  return parts.format(atMs)
}

/** Formats hours, minutes and seconds, after the day unless it is today. */
export function timeOf(atMs: number, nowMs: number): string {
  const clock = format(atMs, { timeStyle: 'medium' })
  return dayOf(atMs) === dayOf(nowMs) ? clock : `${format(atMs, { day: 'numeric', month: 'short' })}, ${clock}`
}

/** Formats hours and minutes. */
export function clockOf(atMs: number): string {
  return format(atMs, { timeStyle: 'short' })
}

/** Formats a day and a time for a table: `24 Nov 08:14`, with the year unless it is this one. */
export function dateTimeOf(text: string | undefined, nowMs = Date.now()): string {
  const atMs = Date.parse(text ?? '')
  if (Number.isNaN(atMs)) return '–'
  const isThisYear = dayOf(atMs).slice(0, 4) === dayOf(nowMs).slice(0, 4)
  const day = format(atMs, { day: 'numeric', month: 'short', ...(!isThisYear && { year: 'numeric' }) })
  return `${day} ${clockOf(atMs)}`
}

/** Formats a day, `2026-11-24`, for people. */
export function dayText(day: string, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(currentLocale(), { timeZone: 'UTC', ...options }).format(
    Date.parse(`${day}T12:00:00Z`),
  )
}

/** Formats `m:ss`, or `h:mm:ss` from an hour on. Shows 0:00 for a negative value, which differing clocks can cause. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const two = (value: number) => String(value).padStart(2, '0')
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}

/** Formats how long a state has lasted in its largest unit: `26 min`, `17 h`, `2 d`. Empty below a minute. */
export function age(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  if (!(minutes >= 1)) return ''
  if (minutes < 60) return t('age.minutes', { count: minutes })
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? t('age.hours', { count: hours }) : t('age.days', { count: Math.floor(hours / 24) })
}

/** Returns the day `days` later, as `2026-11-24`. */
export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(`${day}T12:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}

/** Returns when a day begins in the shown zone. A clock change on that day is taken into account. */
export function startOfDay(day: string): Date {
  const utc = Date.parse(`${day}T00:00:00Z`)
  const first = utc - offsetMs(utc)
  return new Date(utc - offsetMs(first))
}

/** Milliseconds by which the shown zone is ahead of UTC at a moment. */
function offsetMs(atMs: number): number {
  const name = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' })
    .formatToParts(atMs)
    .find(({ type }) => type === 'timeZoneName')?.value
  const [, sign = '+', hours = '0', minutes = '0'] = /GMT([+-])(\d\d):(\d\d)/.exec(name ?? '') ?? []
  return (sign === '-' ? -60_000 : 60_000) * (Number(hours) * 60 + Number(minutes))
}
