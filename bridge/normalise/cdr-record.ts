import * as v from 'valibot'
import { Cdr } from '../../contracts/cdr.ts'
import { splitCsvRecord } from '../../contracts/cdr-row/csv-record.ts'
import { readJsonLine } from '../../contracts/cdr-row/json-line.ts'
import { isHeader, type Layout, layoutOf } from '../../contracts/cdr-row/layout.ts'
import { convertRow, type TableRow } from '../../contracts/cdr-row/table-row.ts'
import type { SiteId } from '../../contracts/names.ts'
import { type CdrLine, cdrEvent, eventOf, malformedCdr } from './cdr.ts'
import { LineSplitter } from './line-splitter.ts'

export type CdrPart = { bytes: Buffer; line: CdrLine }

export interface CdrFormat {
  /** IANA time zone of times without an offset, as CSV has them. */
  zone: string
  /** The columns of CSV records, if the operator has given them. */
  layout?: Layout | undefined
  /** The layout of the last CSV record, by its number of columns; `readCdrRecord` fills it in. */
  recent?: Map<number, Layout>
  /** Records are rows of a table, as JSON that the bridge made. */
  isTable?: boolean | undefined
}

/** What the bridge's configuration says of its CDR file or table. */
export interface CdrSettings {
  zone?: string | undefined
  layout?: Layout | undefined
  database?: object | undefined
}

/** Returns the format of one file for one reader. Default zone: this machine's, which is the PBX's. */
export function cdrFormat({ zone, layout, database }: CdrSettings = {}): CdrFormat {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone
  return { zone: zone ?? own, layout, recent: new Map(), isTable: database !== undefined }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })
const newline = 0x0a
const brace = 0x7b
const cutBytesMax = 3
/** How many broken lines at the beginning of one record are read apart from the records after them. */
const brokenMax = 8

/**
 * Reads one record of Asterisk's file, JSON or CSV, with or without a byte order mark. A record of several lines that is not
 * whole may be a broken line with other records after it: then those are read, and the line is read alone.
 */
export function readCdrRecord(site: SiteId, bytes: Buffer, format: CdrFormat, broken = 0): CdrPart[] {
  const text = textOf(bytes)
  const line = readText(site, text, format)
  const isWhole =
    line.kind === 'header' || line.kind === 'own' || (line.kind === 'cdr' && line.event.data.doubt === undefined)
  const lineBreak = isWhole || broken >= brokenMax ? -1 : bytes.indexOf(newline)
  if (lineBreak < 0) return [{ bytes, line }]
  const first = bytes.subarray(0, lineBreak)
  const splitter = new LineSplitter(0)
  const records = [...splitter.push(bytes.subarray(lineBreak + 1)), ...splitter.rest()]
  const others = records.flatMap((record) => readCdrRecord(site, record.bytes, format, broken + 1))
  const hasOthers = others.some((part) => part.line.kind === 'cdr')
  if (!hasOthers && isOneRecord(text)) return [{ bytes, line }]
  return [{ bytes: first, line: readText(site, textOf(first), format) }, ...others]
}

/** Whether a text of several lines that cannot be read has the form of one record. */
function isOneRecord(text: string): boolean {
  return text.startsWith('{') ? readJsonLine(text).kind === 'row' : text.split('"').length % 2 === 1
}

function readText(site: SiteId, text: string, format: CdrFormat): CdrLine {
  return text.startsWith('{') ? readJson(site, text, format) : readCsv(site, text, format)
}

/** A line in the full format that Switchhook once rendered is taken as it is; every other one is converted like a table row. */
function readJson(site: SiteId, text: string, { zone, isTable }: CdrFormat): CdrLine {
  const found = readJsonLine(text)
  if (found.kind === 'malformed') return malformedCdr(found.reason)
  if (!found.isCut && !isTable && v.is(Cdr, found.row)) return eventOf(site, found.row, text)
  const row = tableRow(found.row)
  const converted = convertRow(row, zone)
  if ('refused' in converted) return malformedCdr(found.isCut ? `cut, ${converted.refused}` : converted.refused)
  const doubt = found.isCut ? `Asterisk cut its line after ${Object.keys(row).length} fields` : undefined
  // The JSON of a row is the bridge's own: it says no more than the CDR.
  return cdrEvent(site, converted.row.cdr, isTable ? undefined : text, doubt)
}

function readCsv(site: SiteId, text: string, { zone, layout, recent }: CdrFormat): CdrLine {
  const fields = splitCsvRecord(text)
  if (!fields) return malformedCdr('a quote is not closed, or a text follows it')
  if (isHeader(fields)) return { kind: 'header' }
  const found = layoutOf(fields, { given: layout, recent: recent?.get(fields.length) })
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

/**
 * Asterisk writes what phones send it: bytes that are not UTF-8 are read as Latin-1. Where it cuts a line of JSON, it may cut a
 * character of up to four bytes.
 */
function textOf(bytes: Buffer): string {
  const cutMax = bytes[0] === brace ? cutBytesMax : 0
  for (let cut = 0; cut <= cutMax; cut += 1) {
    try {
      return utf8.decode(bytes.subarray(0, bytes.length - cut))
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      // Only the first bytes of a character can be left over.
      if ((bytes.at(-1 - cut) ?? 0) < 0x80) break
    }
  }
  return bytes.toString('latin1')
}
