import * as v from 'valibot'
import { isRealTime } from './names.ts'

/**
 * The 21 fields of a call detail record, with Asterisk's names and in the order of its CSV file (Asterisk documentation, "CDR
 * Fields"). Files have `start`, `answer` and `end` where SQL tables have `calldate`.
 */
export const cdrFields = [
  'accountcode',
  'src',
  'dst',
  'dcontext',
  'clid',
  'channel',
  'dstchannel',
  'lastapp',
  'lastdata',
  'start',
  'answer',
  'end',
  'duration',
  'billsec',
  'disposition',
  'amaflags',
  'uniqueid',
  'userfield',
  'peeraccount',
  'linkedid',
  'sequence',
] as const
export type CdrField = (typeof cdrFields)[number]

const text = v.pipe(v.string(), v.maxLength(4096))
const key = v.pipe(v.string(), v.minLength(1), v.maxLength(150))
const whole = v.pipe(v.number(), v.integer(), v.minValue(0))
/** Asterisk's `%FT%T%z`: `2026-11-23T19:03:14+0000`. It is kept as the PBX wrote it, because its offset shows the PBX's time zone. */
const moment = v.pipe(
  v.string(),
  v.regex(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}$/,
    'Not a time in the form %FT%T%z. Example: 2026-11-23T19:03:14+0000.',
  ),
  v.check(isRealTime, 'Not a time that exists. Example: 2026-11-23T19:03:14+0000.'),
)

/** One call detail record. Fields that a later Asterisk adds are kept. `duration` and `billsec` are seconds. */
export const Cdr = v.looseObject({
  accountcode: text,
  src: text,
  dst: text,
  dcontext: text,
  clid: text,
  channel: text,
  dstchannel: text,
  lastapp: text,
  lastdata: text,
  start: moment,
  answer: v.union([moment, v.literal('')]),
  end: v.union([moment, v.literal('')]),
  duration: whole,
  billsec: whole,
  disposition: text,
  amaflags: text,
  uniqueid: key,
  userfield: text,
  peeraccount: text,
  linkedid: key,
  sequence: whole,
})
export type Cdr = v.InferOutput<typeof Cdr>

/** Returns the Unix seconds of a time in Asterisk's `%FT%T%z`. */
export function momentSeconds(text: string): number {
  return Date.parse(`${text.slice(0, -2)}:${text.slice(-2)}`) / 1000
}
