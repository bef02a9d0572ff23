import { type Cdr, momentSeconds } from '../../contracts/cdr.ts'

/** Where a CDR's rows stand: `filed` is the call's start, the same for all rows of a linkedid. */
export interface Filing {
  /** RFC 3339, UTC, whole seconds. */
  filed: string
  /** `yyyy-mm` of `filed`. */
  month: string
  /** `filed#linkedid#uniqueid#sequence`: unique, and sorts by time, then call, then leg. */
  row: string
  /** True where the linkedid does not tell `filed`, so that an alias row has to. */
  needsAlias: boolean
}

/** A linkedid's own time is taken for at most this long before the row's start: a call that lasts longer is rare. */
const linkedidAgeSecondsMax = 6 * 3600
const sequenceDigits = 10

/**
 * A linkedid of Asterisk ends in `<unix seconds>.<n>`, the start of the call's first channel, so all legs of a call are
 * filed under one time. Where it does not, or is too far off, the row is filed under its own start.
 */
export function fileCdr(cdr: Pick<Cdr, 'linkedid' | 'uniqueid' | 'sequence' | 'start'>): Filing {
  const start = momentSeconds(cdr.start)
  const named = secondsOf(cdr.linkedid)
  const age = start - named
  // One second of slack: `start` is cut to seconds, the channel's id may be made just before the second turns.
  const fits = age >= -1 && age <= linkedidAgeSecondsMax
  const filed = wholeSeconds((fits ? named : start) * 1000)
  const row = [filed, cdr.linkedid, cdr.uniqueid, String(cdr.sequence).padStart(sequenceDigits, '0')].join('#')
  return { filed, month: filed.slice(0, 7), row, needsAlias: !fits }
}

/** The time that a linkedid tells, in Unix seconds; NaN where it tells none. */
function secondsOf(linkedid: string): number {
  return Number(/(?:^|-)(\d{9,10})\.\d+$/.exec(linkedid)?.[1] ?? Number.NaN)
}

/** How the rows of a call begin, if its linkedid tells. */
export function callPrefix(linkedid: string): string | undefined {
  const seconds = secondsOf(linkedid)
  return Number.isNaN(seconds) ? undefined : `${wholeSeconds(seconds * 1000)}#${linkedid}#`
}

/** RFC 3339 in UTC as `filed` has it: rows are filed by whole seconds. `ms` are Unix milliseconds. */
export function wholeSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/** The months from `to` back to `from` (both RFC 3339), newest first, as `yyyy-mm`. */
export function monthsBack(from: string, to: string): string[] {
  const months: string[] = []
  const first = from.slice(0, 7)
  let [year = 0, month = 0] = to.slice(0, 7).split('-').map(Number)
  // Years are four digits, so this ends after at most 12 * 10,000 steps; callers bound the period far below that.
  for (;;) {
    const name = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}`
    if (name < first) return months
    months.push(name)
    month -= 1
    if (month === 0) [year, month] = [year - 1, 12]
  }
}

/** `yyyy-mm-ddThh` of a time as `filed` has it: the hour whose totals the call counts in. */
export function hourOf(filed: string): string {
  return filed.slice(0, 13)
}
