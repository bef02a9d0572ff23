import { createReadStream } from 'node:fs'
import { cdrFields } from '../../contracts/cdr.ts'
import type { TableRow } from '../../contracts/cdr-row/table-row.ts'
import { readCsv } from './csv.ts'

/** One row of a source with its index from 0, or the reason why it cannot be read. */
export type SourceRow = { at: number; row: TableRow } | { at: number; refused: string }

/** Asterisk writes 16 columns and uniqueid, then userfield if asked to, then three more with `newcdrcolumns`. */
const widths = new Set([17, 18, 21])

/**
 * Yields the rows of a `Master.csv`. The file has no heading, so columns are recognised by Asterisk's order. A line that is
 * not valid UTF-8 is read as Latin-1: Asterisk writes the bytes that a phone sent.
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
  if (!widths.has(fields.length))
    return { at, refused: `the row has ${fields.length} columns; Asterisk writes 17, 18 or 21` }
  return { at, row: Object.fromEntries(cdrFields.slice(0, fields.length).map((name, i) => [name, fields[i] ?? ''])) }
}

/** Decodes each line by itself, so that a Latin-1 line does not change how the other lines are read. */
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
