import * as v from 'valibot'
import { Cdr, momentSeconds } from '../../contracts/cdr.ts'
import { bridgeSource, type CdrEvent, cdrId } from '../../contracts/events.ts'
import type { SiteId } from '../../contracts/names.ts'

/** `json` is the event as the bridge sends it. */
export type CdrLine = { kind: 'cdr'; event: CdrEvent; json: string } | { kind: 'malformed'; reason: string }

/**
 * Converts one JSON line of cdr_custom to an event. The row keeps fields of later Asterisk versions. The line itself is
 * included only if the row does not serialise back to it.
 */
export function readCdrLine(site: SiteId, line: string): CdrLine {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    return { kind: 'malformed', reason: 'not JSON' }
  }
  return cdrEvent(site, json, line)
}

/** Converts a row to an event; `line` is the text that Asterisk wrote. */
export function cdrEvent(site: SiteId, row: unknown, line: string): CdrLine {
  const parsed = v.safeParse(Cdr, row)
  if (!parsed.success) {
    const keys = [...new Set(parsed.issues.map((issue) => v.getDotPath(issue) ?? 'the whole'))]
    return { kind: 'malformed', reason: keys.join(' ') }
  }
  const cdr = parsed.output
  const seconds = momentSeconds(cdr.end || cdr.start)
  if (Number.isNaN(seconds)) return { kind: 'malformed', reason: 'end' }
  const attributes = {
    specversion: '1.0' as const,
    id: cdrId(site, cdr),
    source: bridgeSource(site),
    type: 'switchhook.cdr.v1' as const,
    subject: cdr.linkedid,
    time: new Date(seconds * 1000).toISOString(),
  }
  const isAsWritten = JSON.stringify(cdr) === line
  const event: CdrEvent = { ...attributes, data: { cdr, ...(!isAsWritten && { raw: line }) } }
  if (!isAsWritten) return { kind: 'cdr', event, json: JSON.stringify(event) }
  // The row is nine tenths of the event, so its text is reused instead of serialised again.
  return { kind: 'cdr', event, json: `${JSON.stringify(attributes).slice(0, -1)},"data":{"cdr":${line}}}` }
}
