import * as v from 'valibot'
import { Timestamp } from './names.ts'

/** Honours of a mark, worst first; the names are the report's. */
export const honours = ['échec', 'passable', 'assez bien', 'bien', 'très bien'] as const
export const Honour = v.picklist(honours, honours.join(', '))
export type Honour = v.InferOutput<typeof Honour>

/** Three digits as people dial them, up to twelve as on student cards. A leading zero counts. */
export const Matricule = v.pipe(v.string('3 to 12 digits'), v.regex(/^\d{3,12}$/, '3 to 12 digits'))
export type Matricule = v.InferOutput<typeof Matricule>

/** Hundredths are kept exactly; a third decimal is no mark. JSON knows no NaN, but a caller within this code might. */
export const Note = v.pipe(
  v.number('a number'),
  v.finite('a number'),
  v.check((note) => Math.abs(note * 100 - Math.round(note * 100)) < 1e-6, 'at most two decimals'),
)

/** A mark, as it is stored and shown. `mention` is what was given explicitly, or what the scale makes of the mark. */
export const Grade = v.looseObject({
  matricule: Matricule,
  note: Note,
  mention: Honour,
  updatedAt: Timestamp,
})
export type Grade = v.InferOutput<typeof Grade>

const clock = v.pipe(v.string('a time'), v.regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time as 08:00'))
/** Days of ISO 8601: 1 is Monday. */
const day = v.picklist([1, 2, 3, 4, 5, 6, 7], 'a day from 1, Monday, to 7')
function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== ''
  } catch {
    return false
  }
}

/** When marks are looked up: `from` is within, `to` is not. */
export const Hours = v.strictObject({
  zone: v.pipe(v.string('an IANA zone'), v.check(isZone, 'an IANA zone, such as Europe/Paris')),
  open: v.pipe(
    v.array(
      v.pipe(
        v.strictObject({ days: v.pipe(v.array(day), v.minLength(1, 'one day or more')), from: clock, to: clock }),
        v.check(({ from, to }) => from < to, 'from is before to'),
      ),
    ),
    v.maxLength(14, 'at most 14'),
  ),
})
export type Hours = v.InferOutput<typeof Hours>

const threshold = v.strictObject({ from: Note, mention: Honour })

/** How marks are read: from 0 to `max`, from which mark on each honour is given, and in which hours they are looked up. */
export const Scale = v.pipe(
  v.strictObject({
    max: v.pipe(Note, v.minValue(1, 'from 1 to 100'), v.maxValue(100, 'from 1 to 100')),
    thresholds: v.pipe(v.array(threshold), v.minLength(1, 'at least one'), v.maxLength(honours.length, 'one each')),
    /** Absent: at all hours. */
    hours: v.optional(Hours),
  }),
  v.check(({ thresholds }) => thresholds[0]?.from === 0, 'the first threshold is from 0'),
  v.check(
    ({ thresholds }) => thresholds.every(({ from }, i) => i === 0 || from > (thresholds[i - 1]?.from ?? 0)),
    'thresholds rise',
  ),
  v.check(
    ({ thresholds }) => new Set(thresholds.map(({ mention }) => mention)).size === thresholds.length,
    'each honour once',
  ),
  v.check(({ max, thresholds }) => thresholds.every(({ from }) => from <= max), 'thresholds within the scale'),
)
export type Scale = v.InferOutput<typeof Scale>

/** The scale of French universities, for sites that set none. */
export const usualScale: Scale = {
  max: 20,
  thresholds: [
    { from: 0, mention: 'échec' },
    { from: 10, mention: 'passable' },
    { from: 12, mention: 'assez bien' },
    { from: 14, mention: 'bien' },
    { from: 16, mention: 'très bien' },
  ],
}

export function honourOf(note: number, { thresholds }: Scale): Honour {
  return thresholds.findLast(({ from }) => note >= from)?.mention ?? 'échec'
}

/** Whether marks are looked up at a time, Unix milliseconds. */
export function isOpen(hours: Hours | undefined, now: number): boolean {
  if (!hours) return true
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: hours.zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(now)
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? ''
  const today = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(of('weekday')) + 1
  const time = `${of('hour')}:${of('minute')}`
  return hours.open.some(({ days, from, to }) => days.some((one) => one === today) && time >= from && time < to)
}
