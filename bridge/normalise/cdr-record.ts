import { convertRow } from '../../contracts/cdr-row/table-row.ts'
import type { SiteId } from '../../contracts/names.ts'
import { type CdrLine, cdrEvent, readCdrLine } from './cdr.ts'
import { readCsvRow } from './cdr-csv.ts'

export type CdrPart = { bytes: Buffer; line: CdrLine }

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })
const newline = 0x0a

/**
 * One record of Asterisk's file, JSON or CSV, with a byte order mark or without. `zone` is that of CSV's times. A record
 * that is none may be several, joined by a quote that was never closed: then each of its lines is looked at by itself.
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

/** Asterisk writes what phones send it: bytes that are no UTF-8 are Latin-1. */
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
