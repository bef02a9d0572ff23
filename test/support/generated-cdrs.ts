import { type Cdr, cdrFields } from '../../contracts/cdr.ts'
import { makeCdr } from './cdrs.ts'
import type { Random } from './random.ts'

/** A file of records in one layout, and the CDR of each record. */
export interface GeneratedFile {
  bytes: Buffer
  cdrs: Cdr[]
}

export type Row = Record<string, unknown>
type Write = (row: Row) => Buffer

const master = cdrFields.slice(0, 16)
const newColumns = ['peeraccount', 'linkedid', 'sequence']
const sample =
  'clid src dst dcontext channel dstchannel lastapp lastdata start answer end duration billsec disposition amaflags accountcode uniqueid userfield'.split(
    ' ',
  )
const sql =
  'calldate clid src dst dcontext channel dstchannel lastapp lastdata duration billsec disposition amaflags accountcode uniqueid userfield'.split(
    ' ',
  )
const timeFields = ['calldate', 'start', 'answer', 'end']
/** Asterisk's JSON writer has a buffer of 1,024 bytes. */
const jsonBytesMax = 1_023

/** Every layout that the bridge reads, with a function that writes a record as its back end does. */
export const generatedLayouts: Readonly<Record<string, Write>> = {
  'the recommended mapping': csv([...cdrFields, 'did', 'cnum', 'cnam', 'recordingfile'], 'all'),
  'Master.csv, 16 columns': csv(master, 'texts'),
  'Master.csv with userfield, 17 columns': csv([...master, 'userfield'], 'texts'),
  'Master.csv with uniqueid, 17 columns': csv([...master, 'uniqueid'], 'texts'),
  'Master.csv, 18 columns': csv([...master, 'uniqueid', 'userfield'], 'texts'),
  'Master.csv with new columns, 19 columns': csv([...master, ...newColumns], 'texts'),
  'Master.csv with uniqueid and new columns, 20 columns': csv([...master, 'uniqueid', ...newColumns], 'texts'),
  'Master.csv, 21 columns': csv([...master, 'uniqueid', 'userfield', ...newColumns], 'texts'),
  "Asterisk's sample mapping, 18 columns": csv(sample, 'all'),
  "Asterisk's sample mapping with sequence, 19 columns": csv([...sample, 'sequence'], 'all'),
  'the SQL table, 16 columns': csv(sql, 'all'),
  'the SQL table of FreePBX, 18 columns': csv([...sql, 'did', 'recordingfile'], 'all'),
  'the SQL table, 19 columns': csv([...sql, ...newColumns], 'all'),
  'the SQL table of FreePBX, 21 columns': csv([...sql, ...newColumns, 'did', 'recordingfile'], 'all'),
  'JSON by Asterisk': jsonByAsterisk([...cdrFields]),
  'JSON by Asterisk that ends in a text': jsonByAsterisk([...newColumns, 'start', 'duration', 'billsec', ...texts()]),
  'JSON by Asterisk with times of the clock': jsonByAsterisk([...cdrFields], clock),
  'JSON with every escape': (row) => Buffer.from(JSON.stringify(row)),
}

function texts(): string[] {
  return ['disposition', 'src', 'dst', 'channel', 'uniqueid', 'clid', 'lastdata', 'userfield']
}

function clock(text: string): string {
  return text.slice(0, 19).replace('T', ' ')
}

/** `texts`: as cdr_csv quotes texts, not numbers. `all`: as CSV_QUOTE in each column does. */
function csv(columns: readonly string[], quoted: 'all' | 'texts'): Write {
  const cell = (row: Row, name: string) => {
    const value = row[name === 'calldate' ? 'start' : name] ?? ''
    if (typeof value === 'number' && quoted === 'texts') return String(value)
    const text = timeFields.includes(name) ? clock(String(value)) : String(value)
    return `"${text.replaceAll('"', '""')}"`
  }
  return (row) => Buffer.from(columns.map((name) => cell(row, name)).join(','))
}

/** A quote gets a backslash, other characters are written as they are, and the line ends after 1,023 bytes. */
function jsonByAsterisk(columns: readonly string[], time: (text: string) => string = (text) => text): Write {
  const value = (name: string, found: unknown) => {
    if (typeof found === 'number') return String(found)
    return `"${(timeFields.includes(name) ? time(String(found)) : String(found)).replaceAll('"', '\\"')}"`
  }
  return (row) => {
    const fields = columns.flatMap((name) => (name in row ? [`"${name}":${value(name, row[name] ?? '')}`] : []))
    return Buffer.from(`{${fields.join(',')}}`).subarray(0, jsonBytesMax)
  }
}

const pieces = [
  'a',
  'Roe',
  '"',
  '""',
  '\\',
  '\\\\',
  ',',
  '",',
  '","src":"',
  '"}',
  '}',
  '{"',
  '{',
  '\t',
  '\n',
  '\n\n',
  '\r\n',
]
const morePieces = ["'", ' ', '😀', 'é', '0612345678', ':', '\u0001', '5}\n{', '"\n"', '\n{"a":1}\n', '$', '%s', ';']

/** Returns `count` records; names and other texts hold everything that breaks readers, and fields are missing. */
export function generateFile(write: Write, count: number, random: Random): GeneratedFile {
  const text = (longest: number) =>
    Array.from({ length: random.below(longest) }, () => random.pick([...pieces, ...morePieces])).join('')
  const cdrs: Cdr[] = []
  const lines: Buffer[] = []
  for (let n = 0; n < count; n += 1) {
    const name = text(8)
    const cdr = makeCdr(n, {
      clid: `"${name}" <60>`,
      lastdata: text(6),
      userfield: text(random.below(60) === 0 ? 400 : 10),
    })
    // Some records lack a field that others cannot do without.
    const lost = random.below(20) === 0 ? random.pick(['duration', 'disposition', 'billsec', 'dstchannel', 'src']) : ''
    const row: Row = { ...cdr, did: '', cnum: '60', cnam: name, recordingfile: text(3) }
    if (lost) delete row[lost]
    lines.push(write(row), Buffer.from('\n'))
    cdrs.push(cdr)
  }
  return { bytes: Buffer.concat(lines), cdrs }
}
