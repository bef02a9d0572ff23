/** Times for the eye, in the zone and the manner of whoever looks. */
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })
const shortClock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })

export const localZone = new Intl.DateTimeFormat().resolvedOptions().timeZone

const isSameDay = (a: Date, b: Date) => a.toDateString() === b.toDateString()

/** In one piece: a narrow cell may break between day and time, not between the time and its AM. */
const unbroken = (format: Intl.DateTimeFormat, at: Date) => format.format(at).replace(/\s/g, '\u00a0')

/** Hours, minutes and seconds, with the day in front unless it is today. */
export function timeOf(atMs: number, nowMs: number): string {
  const at = new Date(atMs)
  return isSameDay(at, new Date(nowMs)) ? unbroken(clock, at) : `${unbroken(day, at)}, ${unbroken(clock, at)}`
}

/** For what has stood for minutes or more: today the time without seconds, before that only the day. */
export function sinceOf(atMs: number, nowMs: number): string {
  const at = new Date(atMs)
  return unbroken(isSameDay(at, new Date(nowMs)) ? shortClock : day, at)
}

/** `m:ss`, from an hour on `h:mm:ss`. A clock that runs behind the PBX's never shows less than nothing. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const two = (value: number) => String(value).padStart(2, '0')
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}

/** Unix milliseconds of a CDR's `%FT%T%z`, whose offset lacks the colon that `Date.parse` is sure to take. */
export function cdrMs(moment: string): number {
  return Date.parse(moment.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
}
