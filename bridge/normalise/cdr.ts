import * as v from 'valibot'
import { Cdr, momentSeconds } from '../../contracts/cdr.ts'
import { isOwnControl } from '../../contracts/channel-name.ts'
import { bridgeSource, type CdrEvent, cdrId } from '../../contracts/events.ts'
import type { SiteId } from '../../contracts/names.ts'

/** What a line of Asterisk's file is. `json` is the event as the bridge sends it. */
export type CdrLine =
  | { kind: 'cdr'; event: CdrEvent; json: string }
  /** Column names at the beginning of a CSV file. */
  | { kind: 'header' }
  /** The record of a channel by which the bridge asked the dial plan something: no call, so nobody counts or stores it. */
  | { kind: 'own' }
  | { kind: 'malformed'; reason: string }

export function malformedCdr(reason: string): CdrLine {
  return { kind: 'malformed', reason }
}

/** Returns the event of a row that was converted. `line` and `doubt` as in `eventOf`. */
export function cdrEvent(site: SiteId, row: unknown, line: string | undefined, doubt?: string): CdrLine {
  const parsed = v.safeParse(Cdr, row)
  if (parsed.success) return eventOf(site, parsed.output, line, doubt)
  const keys = [...new Set(parsed.issues.map((issue) => v.getDotPath(issue) ?? 'the whole'))]
  return malformedCdr(keys.join(' '))
}

/**
 * Returns the event of a record. `line` is the JSON that Asterisk wrote: it travels along only where the record does not
 * serialise back to it; CSV always does. `doubt` says why the record is not whole.
 */
export function eventOf(site: SiteId, cdr: Cdr, line: string | undefined, doubt?: string): CdrLine {
  if (isOwnControl(cdr.channel)) return { kind: 'own' }
  const seconds = momentSeconds(cdr.end || cdr.start)
  if (Number.isNaN(seconds)) return malformedCdr('end')
  const attributes = {
    specversion: '1.0' as const,
    id: cdrId(site, cdr),
    source: bridgeSource(site),
    type: 'switchhook.cdr.v1' as const,
    subject: cdr.linkedid,
    time: new Date(seconds * 1000).toISOString(),
  }
  const isAsWritten = line !== undefined && doubt === undefined && JSON.stringify(cdr) === line
  // The row's own text is nine tenths of the event's: written once, not twice.
  if (isAsWritten) {
    const json = `${JSON.stringify(attributes).slice(0, -1)},"data":{"cdr":${line}}}`
    return { kind: 'cdr', event: { ...attributes, data: { cdr } }, json }
  }
  const data = { cdr, ...(line !== undefined && { raw: line }), ...(doubt !== undefined && { doubt }) }
  const event: CdrEvent = { ...attributes, data }
  return { kind: 'cdr', event, json: JSON.stringify(event) }
}
