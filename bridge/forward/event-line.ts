import * as v from 'valibot'
import { GapEvent } from '../../contracts/events.ts'

/*
 * What a line that the bridge wrote begins with. It is not parsed, and little is made of it, since a backlog is long.
 */

/** Within these bytes stand time, type and subject of a line, unless its subject is a long one: before what is told. */
const headBytes = 320
const timeKey = '"time":"'
const quote = 0x22
const namePattern = /"type":"([^"\\]+)","subject":("(?:[^"\\]|\\.)*")/
/** In a text of the line the quotes would be escaped. */
const gapType = Buffer.from(`"type":"${GapEvent.entries.type.literal}"`)

/** When the event happened, RFC 3339 in UTC with milliseconds, so that a later one sorts behind; empty if the line has none. */
export function timestampOf(line: Buffer): string {
  const at = line.indexOf(timeKey, 0, 'latin1')
  if (at < 0) return ''
  const from = at + timeKey.length
  return line.toString('latin1', from, line.indexOf(quote, from))
}

/** When the event happened, Unix milliseconds; 0 if the line has no time. */
export function timeMsOf(line: Buffer): number {
  return Date.parse(timestampOf(line)) || 0
}

/** Type and subject as they stand in the line, its bytes as Latin-1: the same for the same entity. */
export function entityKeyOf(line: Buffer): string {
  const found = namePattern.exec(line.toString('latin1', 0, headBytes)) ?? namePattern.exec(line.toString('latin1'))
  return found?.[0] ?? ''
}

/**
 * The gaps among lines that lie in one memory, one behind the other, as the spool reads them: it is looked through at once,
 * since a look at each line is a tenth of the work of a backlog.
 */
export function findGaps(lines: readonly Buffer[]): Buffer[] {
  const first = lines[0]
  const last = lines.at(-1)
  if (!first || !last) return []
  const bytes = last.byteOffset + last.length - first.byteOffset
  const isOneMemory = first.buffer === last.buffer && bytes > 0
  if (isOneMemory && !Buffer.from(first.buffer, first.byteOffset, bytes).includes(gapType)) return []
  return lines.filter((line) => line.includes(gapType))
}

/** Of what the line tells. */
export function entityOf(line: string): { type: string; subject: string } {
  const [, type = '', subject = '""'] = namePattern.exec(line) ?? []
  return { type, subject: v.parse(v.string(), JSON.parse(subject)) }
}
