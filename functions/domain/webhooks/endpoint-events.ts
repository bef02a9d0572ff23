import { createHash } from 'node:crypto'
import type { AttackEvent, EndpointEvent, GapEvent } from '../../../contracts/events.ts'
import type { EndpointState } from '../../../contracts/facts.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { extensionOf, forwardParts } from '../../../contracts/presence.ts'
import type { WebhookEventType } from '../../../contracts/webhook-events.ts'
import { eventId, type StoredEvent } from './event.ts'

/** A value of an endpoint that is watched, and when it was entered by the state itself. */
interface Watched {
  value: unknown
  since: readonly (string | undefined)[]
}

/**
 * What each event of endpoints watches: a change of a value makes the event. A part that is absent is not known yet, as after a start of
 * the bridge, and is no change. A new event is one entry here and one in the catalogue.
 */
const watched = {
  'endpoint.changed': ({ deviceState, reachability, since, reachableSince, trunk }: EndpointState) => ({
    state: { value: [deviceState, reachability], since: [since, reachableSince] },
    ...(trunk?.registration && {
      registration: { value: trunk.registration.state, since: [trunk.registration.since] },
    }),
  }),
  'voicemail.changed': ({ mailbox }) => ({
    // An empty mailbox that was never seen has not changed.
    ...(mailbox && {
      counts: {
        value: [mailbox.new, mailbox.old],
        since: mailbox.new + mailbox.old > 0 ? [mailbox.since] : [],
      },
    }),
  }),
  'forwarding.changed': (state) => {
    const forwards = Object.values(forwardParts).map((part) => state[part])
    return { targets: { value: forwards.map((one) => one?.target), since: forwards.map((one) => one?.since) } }
  },
  'dnd.changed': ({ dnd, away }) => ({
    presence: { value: [dnd !== undefined, away !== undefined], since: [dnd?.since, away?.since] },
  }),
} as const satisfies Partial<Record<WebhookEventType, (state: EndpointState) => Record<string, Watched>>>
type EndpointEventType = keyof typeof watched

/** A state that nothing was seen of before is a change if it began this short a time before its fact. */
export const recentMs = 30_000

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
  const digests: Record<string, string> = { ...before?.digests }
  const changed = types.filter((type) => {
    const parts = Object.entries<Watched>(watched[type](state)).map(([name, { value, since }]) => {
      const key = `${type} ${name}`
      // The same fact again: its events may not have been sent.
      const known = before && before.v < version ? before.digests[key] : undefined
      const seen = digest(value)
      digests[key] = seen
      return known === undefined ? since.some((at) => isRecent(at, time)) : known !== seen
    })
    return parts.includes(true)
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

export function eventOfAttack(site: SiteId, { data, v: version }: AttackEvent): StoredEvent {
  return { id: eventId(site, 'security.attack', version), type: 'security.attack', time: data.to, data }
}

function isRecent(since: string | undefined, time: string): boolean {
  return since !== undefined && Date.parse(time) - Date.parse(since) < recentMs
}

const types: readonly EndpointEventType[] = Object.keys(watched).filter((name) => isWatched(name))

function isWatched(name: string): name is EndpointEventType {
  return Object.hasOwn(watched, name)
}

export function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 16)
}
