import { type Cdr, momentSeconds } from '../../contracts/cdr.ts'

/** Under which keys a CDR is stored. `filed` is the start of the call, the same for all CDRs of a linkedid. */
export interface Filing {
  /** RFC 3339, UTC, whole seconds. */
  filed: string
  /** `yyyy-mm` of `filed`. */
  month: string
  /** `filed#linkedid#uniqueid#sequence`: unique, and sorts by time, then call, then leg. */
  row: string
  /** True if `filed` is not the time in the linkedid, so that the CDR needs an alias row to be found by its linkedid. */
  needsAlias: boolean
}

/** The time in a linkedid is used if it is at most this long before the CDR's start; longer calls are rare. */
const linkedidAgeSecondsMax = 6 * 3600
const sequenceDigits = 10

/**
 * Returns the keys of a CDR. A linkedid of Asterisk ends in `<unix seconds>.<n>`, the start of the call's first channel, so all
 * legs of a call get the same time. If it has another form, or its time is too far off, the CDR's own start is used.
 */
export function fileCdr(cdr: Pick<Cdr, 'linkedid' | 'uniqueid' | 'sequence' | 'start'>): Filing {
  const start = momentSeconds(cdr.start)
  const named = secondsOf(cdr.linkedid)
  const age = start - named
  // One second of slack: Asterisk truncates `start` to seconds, and may create the channel's id in the second before.
  const fits = age >= -1 && age <= linkedidAgeSecondsMax
  const filed = wholeSeconds((fits ? named : start) * 1000)
  const row = [filed, cdr.linkedid, cdr.uniqueid, String(cdr.sequence).padStart(sequenceDigits, '0')].join('#')
  return { filed, month: filed.slice(0, 7), row, needsAlias: !fits }
}

/** A year and two days: the start of a CDR is moved by at most that before a month is made of it. */
const slackSeconds = 367 * 86_400
const lastSeconds = Date.UTC(9999, 11, 31) / 1000

/** Returns whether a CDR can be filed: its start exists, and is between 1970, where Unix time begins, and the year 9998. */
export function isFileable({ start }: Pick<Cdr, 'start'>): boolean {
  const seconds = momentSeconds(start)
  return seconds >= 0 && seconds <= lastSeconds - slackSeconds
}

/** Returns the time in a linkedid in Unix seconds, NaN if it has none. */
function secondsOf(linkedid: string): number {
  return Number(/(?:^|-)(\d{9,10})\.\d+$/.exec(linkedid)?.[1] ?? Number.NaN)
}

/** Returns the prefix of a call's rows, undefined if its linkedid has no time. */
export function callPrefix(linkedid: string): string | undefined {
  const seconds = secondsOf(linkedid)
  return Number.isNaN(seconds) ? undefined : `${wholeSeconds(seconds * 1000)}#${linkedid}#`
}

/** Returns a time (Unix milliseconds) as RFC 3339 in UTC, truncated to seconds, the form of `filed`. */
export function wholeSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/** A hundred years: callers limit the period far below that. */
const monthsMax = 1_200

/** Returns the months from `to` back to `from` (both RFC 3339 or `yyyy-mm`), newest first. @throws RangeError for over a hundred years */
export function monthsBack(from: string, to: string): string[] {
  const [first, last] = [monthNumber(from), monthNumber(to)]
  const count = last - first + 1
  if (!(count <= monthsMax)) throw new RangeError(`${from} to ${to} is no period of at most ${monthsMax} months`)
  return Array.from({ length: Math.max(0, count) }, (_, n) => monthName(last - n))
}

/** Returns the months since the year 0. */
function monthNumber(time: string): number {
  const [year = Number.NaN, month = Number.NaN] = time.slice(0, 7).split('-').map(Number)
  return year * 12 + month - 1
}

function monthName(months: number): string {
  const [year, month] = [Math.floor(months / 12), (months % 12) + 1]
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}`
}

/** Returns the hour (`yyyy-mm-ddThh`) of a `filed` time, in whose totals the call counts. */
export function hourOf(filed: string): string {
  return filed.slice(0, 13)
}
