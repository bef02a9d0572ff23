import { cdrFields } from '../../contracts/cdr.ts'
import type { TableRow } from '../../contracts/cdr-row/table-row.ts'

/** Columns of Asterisk's SQL table, in its order. `calldate` replaces `start`, `answer` and `end`. */
const sqlFields = [
  'calldate',
  'clid',
  'src',
  'dst',
  'dcontext',
  'channel',
  'dstchannel',
  'lastapp',
  'lastdata',
  'duration',
  'billsec',
  'disposition',
  'amaflags',
  'accountcode',
  'uniqueid',
  'userfield',
  'peeraccount',
  'linkedid',
  'sequence',
] as const
/** By number of columns. 21: `Master.csv` with `newcdrcolumns`, or the CSV mapping; 18: `Master.csv` without; 19: the SQL table. */
const layouts = new Map<number, readonly string[]>([
  [21, cdrFields],
  [19, sqlFields],
  [18, cdrFields.slice(0, 18)],
])

/** Returns the row of one CSV record (RFC 4180), or the reason why it is malformed. The number of columns shows the layout. */
export function readCsvRow(record: string): TableRow | string {
  const fields = splitFields(record)
  const names = layouts.get(fields.length)
  if (!names) return `${fields.length} columns`
  return Object.fromEntries(names.map((name, index) => [name, fields[index] ?? '']))
}

function splitFields(record: string): string[] {
  const fields: string[] = []
  for (let from = 0; from <= record.length; ) {
    const { field, end } = record[from] === '"' ? quotedField(record, from + 1) : plainField(record, from)
    fields.push(field)
    from = end + 1
  }
  return fields
}

function plainField(record: string, from: number): { field: string; end: number } {
  const comma = record.indexOf(',', from)
  const end = comma < 0 ? record.length : comma
  return { field: record.slice(from, end), end }
}

/** Reads up to the closing quote. Text between it and the comma is kept as it is. */
function quotedField(record: string, from: number): { field: string; end: number } {
  let field = ''
  for (let at = from; ; ) {
    const quote = record.indexOf('"', at)
    if (quote < 0) return { field: field + record.slice(at), end: record.length }
    field += record.slice(at, quote)
    if (record[quote + 1] !== '"') {
      const rest = plainField(record, quote + 1)
      return { field: field + rest.field, end: rest.end }
    }
    field += '"'
    at = quote + 2
  }
}
