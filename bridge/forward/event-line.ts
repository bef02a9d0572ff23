import * as v from 'valibot'
import { GapEvent } from '../../contracts/events.ts'

/*
 * Reads single fields of an event's JSON line as the bridge writes it, without parsing the line: a backlog has millions.
 */

/** The fields `time`, `type` and `subject` are within these first bytes of a line, unless the subject is very long. */
const headBytes = 320
const timeKey = '"time":"'
const quote = 0x22
const namePattern = /"type":"([^"\\]+)","subject":("(?:[^"\\]|\\.)*")/
/** Inside a JSON string the quotes would be escaped, so these bytes occur only as the field itself. */
const gapType = Buffer.from(`"type":"${GapEvent.entries.type.literal}"`)

/** Returns the event's `time` (RFC 3339, UTC, milliseconds), which sorts as text; empty if the line has none. */
export function timestampOf(line: Buffer): string {
  const at = line.indexOf(timeKey, 0, 'latin1')
  if (at < 0) return ''
  const from = at + timeKey.length
  return line.toString('latin1', from, line.indexOf(quote, from))
}

/** Returns the event's time in Unix milliseconds; 0 if the line has none. */
export function timeMsOf(line: Buffer): number {
  return Date.parse(timestampOf(line)) || 0
}

/** Returns the bytes of `type` and `subject` as Latin-1 text: a key that is equal for lines of the same entity. */
export function entityKeyOf(line: Buffer): string {
  const found = namePattern.exec(line.toString('latin1', 0, headBytes)) ?? namePattern.exec(line.toString('latin1'))
  return found?.[0] ?? ''
}

/**
 * Returns the lines that are gap events. The spool reads lines into one block of memory, so the block is searched once:
 * searching each line would take a tenth of the time of sending a backlog.
 */
export function findGaps(lines: readonly Buffer[]): Buffer[] {
  const first = lines[0]
  const last = lines.at(-1)
  if (!first || !last) return []
  const bytes = last.byteOffset + last.length - first.byteOffset
  const isOneBlock = first.buffer === last.buffer && bytes > 0
  if (isOneBlock && !Buffer.from(first.buffer, first.byteOffset, bytes).includes(gapType)) return []
  return lines.filter((line) => line.includes(gapType))
}

/** Returns type and subject of an event's line. */
export function entityOf(line: string): { type: string; subject: string } {
  const [, type = '', subject = '""'] = namePattern.exec(line) ?? []
  return { type, subject: v.parse(v.string(), JSON.parse(subject)) }
}
