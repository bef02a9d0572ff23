// Times are shown in the time zone and the format of the browser.
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })
const shortClock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })

export const localZone = new Intl.DateTimeFormat().resolvedOptions().timeZone

const isSameDay = (a: Date, b: Date) => a.toDateString() === b.toDateString()

/** Uses no-break spaces, so that a narrow cell does not break between a time and its AM or PM. */
const unbroken = (format: Intl.DateTimeFormat, at: Date) => format.format(at).replace(/\s/g, '\u00a0')

/** Formats hours, minutes and seconds, after the day unless it is today. */
export function timeOf(atMs: number, nowMs: number): string {
  const at = new Date(atMs)
  return isSameDay(at, new Date(nowMs)) ? unbroken(clock, at) : `${unbroken(day, at)}, ${unbroken(clock, at)}`
}

/** Formats the time without seconds if it is today, otherwise only the day. */
export function sinceOf(atMs: number, nowMs: number): string {
  const at = new Date(atMs)
  return unbroken(isSameDay(at, new Date(nowMs)) ? shortClock : day, at)
}

/** Formats `m:ss`, or `h:mm:ss` from an hour on. Shows 0:00 for a negative value, which differing clocks can cause. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const two = (value: number) => String(value).padStart(2, '0')
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}
