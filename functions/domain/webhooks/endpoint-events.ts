import { createHash } from 'node:crypto'
import type { EndpointEvent, GapEvent } from '../../../contracts/events.ts'
import type { EndpointState } from '../../../contracts/facts.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { extensionOf, forwardParts } from '../../../contracts/presence.ts'
import type { WebhookEventType } from '../../../contracts/webhook-events.ts'
import { eventId, type StoredEvent } from './event.ts'

/** What each event of endpoints watches: a change of its value makes the event. A new one is one line here and one in the catalogue. */
const watched = {
  'endpoint.changed': ({ deviceState, reachability, trunk }: EndpointState) => [
    deviceState,
    reachability,
    trunk?.registration?.state,
  ],
  'voicemail.changed': ({ mailbox }: EndpointState) => [mailbox?.new, mailbox?.old],
  'forwarding.changed': (state: EndpointState) => Object.values(forwardParts).map((part) => state[part]?.target),
} as const satisfies Partial<Record<WebhookEventType, (state: EndpointState) => unknown>>
type EndpointEventType = keyof typeof watched

/** When each watched value was entered, by the state itself: it tells a change from a repetition where nothing was seen before. */
const sinceOf: Record<EndpointEventType, (state: EndpointState) => (string | undefined)[]> = {
  'endpoint.changed': ({ since, reachableSince }) => [since, reachableSince],
  'voicemail.changed': ({ mailbox }) => [mailbox?.since],
  'forwarding.changed': (state) => Object.values(forwardParts).map((part) => state[part]?.since),
}
const recentMs = 30_000

/** What was last seen of an endpoint: a digest of each watched value. */
export interface SeenEndpoint {
  v: string
  digests: Readonly<Record<string, string>>
}

/**
 * Returns the events of an endpoint's fact and what is now seen of it. A bridge repeats all states when it connects, so only a
 * difference to what was seen before makes an event. The first fact of an endpoint makes one if its state began a moment before.
 */
export function eventsOfEndpoint(
  site: SiteId,
  { data: state, v: version, time }: EndpointEvent,
  before: SeenEndpoint | undefined,
): { events: StoredEvent[]; seen: SeenEndpoint } | undefined {
  if (state.technology === 'Custom') return undefined
  // An older fact: the newer one has made the events of both.
  if (before && before.v > version) return undefined
  const digests = Object.fromEntries(types.map((type) => [type, digest(watched[type](state))]))
  const isRecent = (type: EndpointEventType) =>
    sinceOf[type](state).some((since) => since !== undefined && Date.parse(time) - Date.parse(since) < recentMs)
  const changed = types.filter((type) => {
    // The same fact again: its events may not have been sent.
    const known = before && before.v < version ? before.digests[type] : undefined
    return known === undefined ? isRecent(type) : known !== digests[type]
  })
  const extension = extensionOf(state)
  const data = { ...state, ...(extension !== undefined && { extension }) }
  const subject = state.endpoint
  const events = changed.map((type) => ({ id: eventId(site, type, subject, version), type, time, subject, data }))
  return { events, seen: { v: version, digests } }
}

export function eventOfGap(site: SiteId, { data, v: version }: GapEvent): StoredEvent {
  return { id: eventId(site, 'bridge.gap', version), type: 'bridge.gap', time: data.to, data }
}

const types: readonly EndpointEventType[] = Object.keys(watched).filter((name) => isWatched(name))

function isWatched(name: string): name is EndpointEventType {
  return Object.hasOwn(watched, name)
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 16)
}
