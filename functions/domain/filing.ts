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

/** Returns the months from `to` back to `from` (both RFC 3339) as `yyyy-mm`, newest first. */
export function monthsBack(from: string, to: string): string[] {
  const months: string[] = []
  const first = from.slice(0, 7)
  let [year = 0, month = 0] = to.slice(0, 7).split('-').map(Number)
  // Years have four digits, so this ends after 120,000 turns at most; callers limit the period far below that.
  for (;;) {
    const name = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}`
    if (name < first) return months
    months.push(name)
    month -= 1
    if (month === 0) [year, month] = [year - 1, 12]
  }
}

/** Returns the hour (`yyyy-mm-ddThh`) of a `filed` time, in whose totals the call counts. */
export function hourOf(filed: string): string {
  return filed.slice(0, 13)
}
