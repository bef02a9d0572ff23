import { createHash } from 'node:crypto'
import type { Cdr } from '../cdr.ts'
import type { ImportRow } from '../routes/imports.ts'
import { readMoment, secondsOfId } from './moments.ts'

/** A row as its source has it: column names in lower case, times as text, `null` for no value. */
export type TableRow = Record<string, string | number | null>

/** `note` says what was made up for a value that the source lacks. */
export type Converted = { row: ImportRow; note?: string } | { refused: string }

/** Asterisk's numbers of `amaflags` in SQL, and their names in its files. */
const amaflags: Record<string, string> = { '1': 'OMIT', '2': 'BILLING', '3': 'DOCUMENTATION' }
const dispositions = new Set(['ANSWERED', 'NO ANSWER', 'BUSY', 'FAILED', 'CONGESTION'])
/** Spellings of back ends, and the numbers of `enum ast_cdr_disposition` (include/asterisk/cdr.h). */
const otherDispositions: Record<string, string> = {
  NOANSWER: 'NO ANSWER',
  'NO-ANSWER': 'NO ANSWER',
  '0': 'NO ANSWER',
  '1': 'NO ANSWER',
  '2': 'FAILED',
  '4': 'BUSY',
  '8': 'ANSWERED',
  '16': 'CONGESTION',
}
const known = new Set(
  'calldate start answer end clid src dst dcontext channel dstchannel lastapp lastdata duration billsec disposition amaflags accountcode uniqueid userfield peeraccount linkedid sequence'.split(
    ' ',
  ),
)

/**
 * Returns the CDR of a row of an SQL table, of a CSV file or of incomplete JSON. Times without an offset are the PBX's own
 * clock in `zone`. A table may have `calldate` alone: then the end is `duration` later, the answer `billsec` before that.
 * Columns that Asterisk does not know are kept under their names. A reason quotes no value: it is logged.
 */
export function convertRow(source: TableRow, zone: string): Converted {
  const text = (name: string) => String(source[name] ?? '')
  const id = text('uniqueid')
  const start = startOf(source, zone)
  if (start === undefined) return { refused: 'no date, and no uniqueid that tells a time' }
  const missing = ['disposition', 'duration', 'billsec'].filter((name) => text(name) === '')
  if (missing.length > 0) return { refused: `no ${missing.join(', ')}` }
  const [duration, billsec] = [wholeSeconds(text('duration')), wholeSeconds(text('billsec'))]
  const named = text('disposition').toUpperCase()
  const disposition = otherDispositions[named] ?? named
  if (duration === undefined || billsec === undefined) {
    return { refused: 'duration and billsec are not both numbers of seconds, such as 12' }
  }
  if (!dispositions.has(disposition)) {
    return { refused: 'disposition is none of Asterisk, such as ANSWERED: are the columns in its order?' }
  }
  const times = timesOf(source, zone, start.seconds, { duration, billsec, isAnswered: disposition === 'ANSWERED' })
  const sequence = text('sequence')
  const linkedid = text('linkedid')
  const keyed = id !== '' && linkedid !== '' && /^\d+(\.0+)?$/.test(sequence)
  // Without a uniqueid the row itself makes one, the same each time it is read, that tells the time as Asterisk's does.
  const uniqueid = id || `row-${start.seconds}.${rowHash(source)}`
  const others = Object.entries(source).filter(([name, value]) => !known.has(name) && value !== null && value !== '')
  const cdr: Cdr = {
    accountcode: text('accountcode'),
    src: text('src'),
    dst: text('dst'),
    dcontext: text('dcontext'),
    clid: text('clid'),
    channel: text('channel'),
    dstchannel: text('dstchannel'),
    lastapp: text('lastapp'),
    lastdata: text('lastdata'),
    ...times,
    duration,
    billsec,
    disposition,
    amaflags: amaflags[text('amaflags')] ?? text('amaflags'),
    uniqueid,
    userfield: text('userfield'),
    peeraccount: text('peeraccount'),
    linkedid: linkedid || uniqueid,
    sequence: keyed ? Math.trunc(Number(sequence)) : rowHash(source),
    ...Object.fromEntries(others),
  }
  return { row: { cdr, keyed }, ...(start.note !== undefined && { note: start.note }) }
}

/** Tables with float columns hold `12.0` and `12.345`; Asterisk itself cuts to whole seconds. */
function wholeSeconds(text: string): number | undefined {
  return /^\d{1,15}(\.\d+)?$/.test(text) ? Math.trunc(Number(text)) : undefined
}

/** A zero date or an empty field tells nothing; the seconds of the uniqueid are when its channel was made. */
function startOf(source: TableRow, zone: string): { seconds: number; note?: string } | undefined {
  const made = secondsOfId(String(source['uniqueid'] ?? ''))
  const seconds = readMoment(source['calldate'] ?? source['start'], zone, made)
  if (seconds !== undefined) return { seconds }
  return made === undefined ? undefined : { seconds: made, note: 'no date: took the time of its uniqueid' }
}

function timesOf(
  source: TableRow,
  zone: string,
  start: number,
  call: { duration: number; billsec: number; isAnswered: boolean },
): Pick<Cdr, 'start' | 'answer' | 'end'> {
  const own = (name: string, near: number) => readMoment(source[name], zone, near)
  const end = own('end', start + call.duration) ?? start + call.duration
  const told = own('answer', end - call.billsec)
  const answer = told ?? (call.isAnswered ? Math.max(start, end - call.billsec) : undefined)
  return { start: utc(start), answer: answer === undefined ? '' : utc(answer), end: utc(end) }
}

/** The last second that four digits of a year can name. */
const secondsMax = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000

function utc(seconds: number): string {
  return `${new Date(Math.min(seconds, secondsMax) * 1000).toISOString().slice(0, 19)}+0000`
}

/** Stands for a sequence where the source has none: the same row has the same one each time it is read. */
function rowHash(source: TableRow): number {
  const fields = Object.entries(source).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(fields)).digest().readUInt32BE(0)
}
