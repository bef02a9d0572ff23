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
  const named = Number(/(?:^|-)(\d{9,10})\.\d+$/.exec(cdr.linkedid)?.[1] ?? Number.NaN)
  const age = start - named
  // One second of slack: `start` is cut to seconds, the channel's id may be made just before the second turns.
  const fits = age >= -1 && age <= linkedidAgeSecondsMax
  const filed = new Date((fits ? named : start) * 1000).toISOString().replace('.000Z', 'Z')
  const row = [filed, cdr.linkedid, cdr.uniqueid, String(cdr.sequence).padStart(sequenceDigits, '0')].join('#')
  return { filed, month: filed.slice(0, 7), row, needsAlias: !fits }
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
