import * as v from 'valibot'
import { field } from './field.ts'
import { Timestamp } from './names.ts'

const zoneSentence = 'Not an IANA time zone. Example: Europe/Paris.'

/** Honours of a mark, lowest first, in French. */
export const honours = ['échec', 'passable', 'assez bien', 'bien', 'très bien'] as const
export const Honour = v.picklist(honours, `Not one of ${honours.join(', ')}.`)
export type Honour = v.InferOutput<typeof Honour>

const matriculeSentence = 'Not a student number of 3 to 12 digits. Example: 100.'
/** A student number: three digits as dialled, up to twelve as on student cards. Leading zeros are significant. */
export const Matricule = v.pipe(v.string(matriculeSentence), v.regex(/^\d{3,12}$/, matriculeSentence))
export type Matricule = v.InferOutput<typeof Matricule>

/** A mark with at most two decimals. JSON has no NaN, but callers within this code might pass one. */
export const Note = v.pipe(
  v.number('Not a number. Example: 14.5.'),
  v.finite('Not a number. Example: 14.5.'),
  v.check(
    (note) => Math.abs(note * 100 - Math.round(note * 100)) < 1e-6,
    'Too many decimals: at most two. Example: 14.25.',
  ),
)

/** A mark as the API answers it. */
export const Grade = v.looseObject({
  matricule: field(Matricule, 'Student number.'),
  note: field(Note, 'The mark.'),
  mention: field(Honour, "The honour: the explicit one, or the scale's for this mark."),
  updatedAt: field(Timestamp, 'When it was last written.'),
})
export type Grade = v.InferOutput<typeof Grade>

const clockSentence = 'Not a time of day. Example: 08:00.'
const clock = v.pipe(v.string(clockSentence), v.regex(/^([01]\d|2[0-3]):[0-5]\d$/, clockSentence))
/** Days of ISO 8601: 1 is Monday. */
const day = v.picklist([1, 2, 3, 4, 5, 6, 7], 'Not a day from 1 (Monday) to 7 (Sunday).')
function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== ''
  } catch {
    return false
  }
}

/** When marks can be looked up: from `from`, before `to`. */
export const Hours = v.strictObject({
  zone: field(v.pipe(v.string(zoneSentence), v.check(isZone, zoneSentence)), 'Time zone of the times.', 'Europe/Paris'),
  open: field(
    v.pipe(
      v.array(
        v.pipe(
          v.strictObject({
            days: field(
              v.pipe(v.array(day), v.minLength(1, 'Empty: name at least one day.')),
              'Days of ISO 8601: 1 is Monday.',
              [1, 2],
            ),
            from: field(clock, 'Start.', '08:00'),
            to: field(clock, 'End.', '18:00'),
          }),
          v.check(({ from, to }) => from < to, '`from` must be earlier than `to`.'),
        ),
      ),
      v.maxLength(14, 'Too many periods: at most 14.'),
    ),
    'Weekly periods in which marks can be looked up.',
    [{ days: [1, 2, 3, 4, 5], from: '08:00', to: '18:00' }],
  ),
})
export type Hours = v.InferOutput<typeof Hours>

const threshold = v.strictObject({
  from: field(Note, 'Lowest mark that gets the honour.', 10),
  mention: field(Honour, 'The honour.', 'passable'),
})

/** The maximum mark, the lowest mark of each honour, and the hours in which marks can be looked up. */
export const Scale = v.pipe(
  v.strictObject({
    max: field(
      v.pipe(Note, v.minValue(1, 'Too small: at least 1.'), v.maxValue(100, 'Too large: at most 100.')),
      'Highest mark, 1 to 100.',
      20,
    ),
    thresholds: field(
      v.pipe(
        v.array(threshold),
        v.minLength(1, 'Empty: at least one threshold.'),
        v.maxLength(honours.length, `Too many thresholds: at most ${honours.length}.`),
      ),
      'Honours from the lowest mark up.',
    ),
    hours: v.optional(field(Hours, 'When marks can be looked up; at all hours if absent.')),
  }),
  v.check(({ thresholds }) => thresholds[0]?.from === 0, 'The first threshold must start at 0.'),
  v.check(
    ({ thresholds }) => thresholds.every(({ from }, i) => i === 0 || from > (thresholds[i - 1]?.from ?? 0)),
    'Each threshold must be higher than the one before.',
  ),
  v.check(
    ({ thresholds }) => new Set(thresholds.map(({ mention }) => mention)).size === thresholds.length,
    'Each honour may occur only once.',
  ),
  v.check(({ max, thresholds }) => thresholds.every(({ from }) => from <= max), 'A threshold is higher than `max`.'),
)
export type Scale = v.InferOutput<typeof Scale>

/** The scale of French universities: the default. */
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

/** Returns the honour that the scale gives a mark. */
export function honourOf(note: number, { thresholds }: Scale): Honour {
  return thresholds.findLast(({ from }) => note >= from)?.mention ?? 'échec'
}

/** Returns whether marks can be looked up at a time (Unix milliseconds). */
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
