import type { Party } from '../../../contracts/facts.ts'
import type { WebhookFilters, WebhookFormat } from '../../../contracts/webhook.ts'
import { isEventType, typeMatches } from '../../../contracts/webhook-events.ts'
import type { Reader } from '../personal.ts'
import type { StoredEvent } from './event.ts'
import { mayGet, visibleData } from './render.ts'

/** What decides which events a webhook gets. */
export interface Subscription {
  types: readonly string[]
  filters?: WebhookFilters | undefined
  format?: WebhookFormat | undefined
  /** When it was made, Unix milliseconds. */
  createdAt: number
}

/** A webhook gets what happened after it was made. The clock of a PBX may be this wrong. */
const clockErrorMsMax = 600_000
/** Older events are not sent: a bridge that reads a file of years would send all of them. */
const ageMsMax = 7 * 86_400_000

/** Whether an event is young enough to be sent at all. */
export function isRecent({ time }: Pick<StoredEvent, 'time'>, now: number): boolean {
  return Date.parse(time) >= now - ageMsMax
}

/**
 * Whether a webhook gets an event. The filter sees what its reader sees, so that nobody finds out a hidden number by subscribing to
 * it. A filter of a field that the event does not have lets it pass.
 */
export function matches(
  event: StoredEvent,
  { types, filters = {}, format = 'standard', createdAt }: Subscription,
  reader: Reader,
  now: number,
): boolean {
  if (!types.some((pattern) => typeMatches(pattern, event.type)) || !mayGet(event, reader)) return false
  // People read of the end of a call once.
  if (format !== 'standard' && event.type === 'call.ended' && event.data['final'] !== true) return false
  if (Date.parse(event.time) < createdAt - clockErrorMsMax || !isRecent(event, now)) return false
  const { extensions, directions, results, queues } = filters
  if (!extensions && !directions && !results && !queues) return true
  const data = visibleData(event, reader)
  const { direction, result } = data
  if (directions && typeof direction === 'string' && !directions.some((one) => one === direction)) return false
  if (results && typeof result === 'string' && !results.some((one) => one === result)) return false
  const { queue } = data
  if (queues && typeof queue === 'string' && !queues.includes(queue)) return false
  const names = namesIn(data)
  return !extensions || names.size === 0 || extensions.some((one) => names.has(one))
}

const partyFields = ['caller', 'callees', 'former', 'answeredBy', 'rang']

/** Extensions and endpoints in an event: those of its phone, or of every party of its call. */
function namesIn(data: Record<string, unknown>): Set<string> {
  const own = ['endpoint', 'resource', 'number', 'extension', 'dialled'].map((field) => data[field])
  const cdr = isRecord(data['cdr']) ? [data['cdr']['src'], data['cdr']['dst']] : []
  const member = isRecord(data['member']) ? [data['member']['extension'], data['member']['interface']] : []
  const parties = partyFields.flatMap((field) => data[field]).filter(isParty)
  const all = [...own, ...cdr, ...member, ...parties.flatMap(({ number, endpoint }) => [number, endpoint])]
  return new Set(all.filter((name): name is string => typeof name === 'string' && name !== ''))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isParty(value: unknown): value is Pick<Party, 'number' | 'endpoint'> {
  return isRecord(value) && typeof value['number'] === 'string'
}

/** Whether a replay sends a delivery: by its state, and by a type that a pattern names. */
export function isInReplay(
  { state, type }: { state: string; type: string },
  { states, types }: { states: readonly string[]; types: readonly string[] },
): boolean {
  return states.includes(state) && isEventType(type) && types.some((pattern) => typeMatches(pattern, type))
}
