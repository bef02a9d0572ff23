import { createReadStream } from 'node:fs'
import { cdrFields } from '../../contracts/cdr.ts'
import type { TableRow } from '../../contracts/cdr-row/table-row.ts'
import { readCsv } from './csv.ts'

/** One row of a source, numbered from 0 as it stands there, or why it is none. */
export type SourceRow = { at: number; row: TableRow } | { at: number; refused: string }

/** Columns of `Master.csv`: 16 without uniqueid and userfield, then one each, then the three of `newcdrcolumns`. */
const widths = new Set([17, 18, 21])

/**
 * Rows of a `Master.csv`, in Asterisk's own order, since the file names no columns. Bytes that are no UTF-8 are read as
 * Latin-1, which Asterisk wrote where its phones sent it.
 */
export async function* readMasterCsv(file: string): AsyncGenerator<SourceRow> {
  let at = 0
  for await (const record of readCsv(decode(createReadStream(file)))) {
    if ('refused' in record) yield { at, refused: record.refused }
    else yield toRow(record.fields, at)
    at += 1
  }
}

function toRow(fields: string[], at: number): SourceRow {
  if (!widths.has(fields.length)) return { at, refused: `${fields.length} columns, where Asterisk writes 17, 18 or 21` }
  return { at, row: Object.fromEntries(cdrFields.slice(0, fields.length).map((name, i) => [name, fields[i] ?? ''])) }
}

/** Line by line, so that one that is no UTF-8 does not change how the others are read. */
async function* decode(bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = Buffer.alloc(0)
  for await (const piece of bytes) {
    const all = Buffer.concat([rest, piece])
    const end = all.lastIndexOf(10) + 1
    rest = all.subarray(end)
    for (const line of splitLines(all.subarray(0, end))) yield text(line)
  }
  if (rest.length > 0) yield text(rest)
}

function* splitLines(bytes: Buffer): Generator<Buffer> {
  for (let from = 0; from < bytes.length; ) {
    const to = bytes.indexOf(10, from) + 1
    yield bytes.subarray(from, to)
    from = to
  }
}

function text(line: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(line)
  } catch (error) {
    if (error instanceof TypeError) return line.toString('latin1')
    throw error
  }
}
