import { convertRow } from '../../contracts/cdr-row/table-row.ts'
import type { SiteId } from '../../contracts/names.ts'
import { type CdrLine, cdrEvent, readCdrLine } from './cdr.ts'
import { readCsvRow } from './cdr-csv.ts'

export type CdrPart = { bytes: Buffer; line: CdrLine }

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })
const newline = 0x0a

/**
 * Reads one record of Asterisk's file: JSON or CSV, with or without a byte order mark. `zone` is the time zone of CSV. A
 * malformed record may be several lines joined by an unclosed quote: then each line is read separately.
 */
export function readCdrRecord(site: SiteId, bytes: Buffer, zone: string): CdrPart[] {
  const line = readText(site, textOf(bytes), zone)
  if (line.kind === 'cdr' || !bytes.includes(newline)) return [{ bytes, line }]
  return linesOf(bytes).map((part) => ({ bytes: part, line: readText(site, textOf(part), zone) }))
}

function readText(site: SiteId, text: string, zone: string): CdrLine {
  if (text.startsWith('{')) return readCdrLine(site, text)
  const row = readCsvRow(text)
  if (typeof row === 'string') return { kind: 'malformed', reason: row }
  const converted = convertRow(row, zone)
  if ('refused' in converted) return { kind: 'malformed', reason: converted.refused }
  return cdrEvent(site, converted.row.cdr, text)
}

/** Asterisk writes names as phones send them: bytes that are not UTF-8 are read as Latin-1. */
function textOf(bytes: Buffer): string {
  try {
    return utf8.decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return bytes.toString('latin1')
    throw error
  }
}

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  for (let from = 0; from < bytes.length; ) {
    const at = bytes.indexOf(newline, from)
    const end = at < 0 ? bytes.length : at
    if (end > from) lines.push(bytes.subarray(from, end))
    from = end + 1
  }
  return lines
}
