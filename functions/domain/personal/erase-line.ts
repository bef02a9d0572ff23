import * as v from 'valibot'
import { BridgeEvent, cdrId } from '../../../contracts/events.ts'
import { eraseCdr } from './erase-cdr.ts'
import { erasedFrom, findsIn } from './erase-item.ts'
import type { Erasing } from './erasing.ts'

/**
 * Returns a line of a bridge's body without the number; the line itself if it does not hold it, undefined if it holds it and is
 * no event, since nothing else of it can be kept.
 */
export function eraseLine(line: string, erasing: Erasing): string | undefined {
  const { search } = erasing
  if (!search.mayHold(line)) return line
  const event = parseEvent(line)
  if (!event) return search.holds(line) ? undefined : line
  return findsIn(event, search) ? JSON.stringify(eraseEvent(event, erasing)) : line
}

function eraseEvent(event: BridgeEvent, { search, newId }: Erasing): unknown {
  if (event.type !== 'switchhook.cdr.v1') return erasedFrom(event, search)
  // The record as the PBX wrote it has the number too.
  const { raw: _raw, ...data } = event.data
  const cdr = eraseCdr(data.cdr, search, newId)
  const site = event.id.split('/')[0] ?? ''
  return erasedFrom({ ...event, id: cdrId(site, cdr), subject: cdr.linkedid, data: { ...data, cdr } }, search)
}

function parseEvent(line: string): BridgeEvent | undefined {
  try {
    const parsed = v.safeParse(BridgeEvent, JSON.parse(line))
    return parsed.success ? parsed.output : undefined
  } catch {
    return undefined
  }
}
