import { createHash } from 'node:crypto'
import type { Cdr } from '../cdr.ts'
import type { ImportRow } from '../routes/imports.ts'
import { localMoment } from './local-moment.ts'

/** A row as read from its source: column names in lower case, times as text, `null` for an empty column. */
export type TableRow = Record<string, string | number | null>

export type Converted = { row: ImportRow; note?: string } | { refused: string }

/** Names of Asterisk's `amaflags` in its files, by their numbers in SQL. */
const amaflags: Record<string, string> = { '1': 'OMIT', '2': 'BILLING', '3': 'DOCUMENTATION' }
const dispositions = new Set(['ANSWERED', 'NO ANSWER', 'BUSY', 'FAILED', 'CONGESTION'])
const known = new Set(
  'calldate start answer end clid src dst dcontext channel dstchannel lastapp lastdata duration billsec disposition amaflags accountcode uniqueid userfield peeraccount linkedid sequence'.split(
    ' ',
  ),
)

/**
 * Converts a row of an SQL table or of `Master.csv` to a CDR. Its times are local to the PBX, in `zone`. A table has only
 * `calldate`: the end is `duration` later, and the answer `billsec` before the end. Columns that Asterisk does not have are kept.
 */
export function convertRow(source: TableRow, zone: string): Converted {
  const text = (name: string) => String(source[name] ?? '')
  const missing = ['uniqueid', 'disposition', 'duration', 'billsec'].filter((name) => text(name) === '')
  if (missing.length > 0) return { refused: `no ${missing.join(', ')}` }
  const [duration, billsec] = [Number(text('duration')), Number(text('billsec'))]
  const disposition = text('disposition').toUpperCase()
  if (!isSeconds(duration) || !isSeconds(billsec)) return { refused: 'duration and billsec are not whole seconds' }
  if (!dispositions.has(disposition))
    return { refused: 'the disposition is none of Asterisk: are columns in its order?' }
  const start = startOf(source, zone)
  if (start === undefined) return { refused: 'its date is none, and its uniqueid tells no time' }
  const times = timesOf(source, zone, start.seconds, { duration, billsec, isAnswered: disposition === 'ANSWERED' })
  const sequence = text('sequence')
  const linkedid = text('linkedid')
  const keyed = linkedid !== '' && /^\d+$/.test(sequence)
  const others = Object.entries(source).filter(([name, value]) => !known.has(name) && value !== null)
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
    uniqueid: text('uniqueid'),
    userfield: text('userfield'),
    peeraccount: text('peeraccount'),
    linkedid: linkedid || text('uniqueid'),
    sequence: keyed ? Number(sequence) : rowHash(source),
    ...Object.fromEntries(others),
  }
  return { row: { cdr, keyed }, ...(start.note !== undefined && { note: start.note }) }
}

function isSeconds(value: number): boolean {
  return Number.isInteger(value) && value >= 0
}

/** Returns the start. For MySQL's zero date or an empty field, the seconds of the uniqueid are when the channel was created. */
function startOf(source: TableRow, zone: string): { seconds: number; note?: string } | undefined {
  const seconds = localMoment(String(source['calldate'] ?? source['start'] ?? ''), zone)
  if (seconds !== undefined) return { seconds }
  const made = /(?:^|-)(\d{9,10})\.\d+$/.exec(String(source['uniqueid'] ?? ''))?.[1]
  return made === undefined ? undefined : { seconds: Number(made), note: 'no date: took the time of its uniqueid' }
}

function timesOf(
  source: TableRow,
  zone: string,
  start: number,
  call: { duration: number; billsec: number; isAnswered: boolean },
): Pick<Cdr, 'start' | 'answer' | 'end'> {
  const own = (name: string) => localMoment(String(source[name] ?? ''), zone)
  const end = own('end') ?? start + call.duration
  const answer = own('answer') ?? (call.isAnswered ? Math.max(start, end - call.billsec) : undefined)
  return { start: utc(start), answer: answer === undefined ? '' : utc(answer), end: utc(end) }
}

function utc(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}+0000`
}

/** Returns a sequence for a row without one: a hash, so that the same row gets the same sequence each time. */
function rowHash(source: TableRow): number {
  const fields = Object.entries(source).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(fields)).digest().readUInt32BE(0)
}
