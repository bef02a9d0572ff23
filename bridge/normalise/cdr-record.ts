import * as v from 'valibot'
import { Cdr } from '../../contracts/cdr.ts'
import { splitCsvRecord } from '../../contracts/cdr-row/csv-record.ts'
import { readJsonLine } from '../../contracts/cdr-row/json-line.ts'
import { isHeader, type Layout, layoutOf } from '../../contracts/cdr-row/layout.ts'
import { convertRow, type TableRow } from '../../contracts/cdr-row/table-row.ts'
import type { SiteId } from '../../contracts/names.ts'
import { type CdrLine, cdrEvent, malformedCdr } from './cdr.ts'

export type CdrPart = { bytes: Buffer; line: CdrLine }

export interface CdrFormat {
  /** IANA time zone of times without an offset, as CSV has them. */
  zone: string
  /** The layout of the last CSV record, by its number of columns; `readCdrRecord` fills it in. */
  recent?: Map<number, Layout>
}

/** Returns the format of one file for one reader. Default zone: this machine's, which is the PBX's. */
export function cdrFormat(zone: string | undefined): CdrFormat {
  return { zone: zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone, recent: new Map() }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })
const newline = 0x0a

/**
 * Reads one record of Asterisk's file, JSON or CSV, with or without a byte order mark. A record that cannot be read may be
 * several, joined by a quote that was never closed: then each of its lines is read alone.
 */
export function readCdrRecord(site: SiteId, bytes: Buffer, format: CdrFormat): CdrPart[] {
  const line = readText(site, textOf(bytes), format)
  if (line.kind !== 'malformed' || !bytes.includes(newline)) return [{ bytes, line }]
  return linesOf(bytes).map((part) => ({ bytes: part, line: readText(site, textOf(part), format) }))
}

function readText(site: SiteId, text: string, format: CdrFormat): CdrLine {
  return text.startsWith('{') ? readJson(site, text, format) : readCsv(site, text, format)
}

/** A line in the full format that Switchhook once rendered is taken as it is; every other one is converted like a table row. */
function readJson(site: SiteId, text: string, { zone }: CdrFormat): CdrLine {
  const found = readJsonLine(text)
  if (found.kind === 'malformed') return malformedCdr(found.reason)
  if (!found.isCut && v.is(Cdr, found.row)) return cdrEvent(site, found.row, text)
  const row = tableRow(found.row)
  const converted = convertRow(row, zone)
  if ('refused' in converted) return malformedCdr(found.isCut ? `cut, ${converted.refused}` : converted.refused)
  const doubt = found.isCut ? `Asterisk cut its line after ${Object.keys(row).length} fields` : undefined
  return cdrEvent(site, converted.row.cdr, text, doubt)
}

function readCsv(site: SiteId, text: string, { zone, recent }: CdrFormat): CdrLine {
  const fields = splitCsvRecord(text)
  if (isHeader(fields)) return { kind: 'header' }
  const found = layoutOf(fields, recent?.get(fields.length))
  if (found.kind === 'unknown') return malformedCdr(found.reason)
  recent?.set(fields.length, found.layout)
  const row = Object.fromEntries(found.layout.map((name, n) => [name, fields[n] ?? '']))
  const converted = convertRow(row, zone)
  if ('refused' in converted) return malformedCdr(converted.refused)
  return cdrEvent(site, converted.row.cdr, undefined)
}

/** Values of JSON as a table has them; objects and lists of an unknown field are kept as their JSON. */
function tableRow(json: Record<string, unknown>): TableRow {
  const entries = Object.entries(json).map(([name, value]) => [name.toLowerCase(), tableValue(value)] as const)
  return Object.fromEntries(entries)
}

function tableValue(value: unknown): string | number | null {
  if (typeof value === 'string' || typeof value === 'number') return value
  return value === null || value === undefined ? null : JSON.stringify(value)
}

/** Asterisk writes what phones send it: bytes that are not UTF-8 are read as Latin-1. */
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
