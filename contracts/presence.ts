import type { CallState, EndpointState } from './facts.ts'
import type { ForwardWhen } from './routes/extensions.ts'

/** Presence states for people, the most urgent first. */
export const presenceWords = [
  'ringing',
  'on-call',
  'on-hold',
  'dnd',
  'away',
  'available',
  'unknown',
  'offline',
] as const
export type PresenceWord = (typeof presenceWords)[number]
export interface PresenceSince {
  presence: PresenceWord
  /** RFC 3339. */
  since: string
}

const wordOf: ReadonlyMap<string, PresenceWord> = new Map([
  ['NOT_INUSE', 'available'],
  ['INUSE', 'on-call'],
  ['RINGING', 'ringing'],
  // A second call rings during a call: the ringing one needs an answer.
  ['RINGINUSE', 'ringing'],
  ['ONHOLD', 'on-hold'],
  ['BUSY', 'on-call'],
  ['UNAVAILABLE', 'offline'],
])

/** Returns the presence that a device state alone shows, such as that of a member of a queue. */
export function wordOfDevice(deviceState: string): PresenceWord {
  return wordOf.get(deviceState) ?? 'unknown'
}

/**
 * Returns the presence of one device. A device state of a call takes precedence, then an unreachable phone (offline), then `dnd`,
 * then `away`. While the PBX is down, nothing is known, whatever a user has set.
 */
export function presenceOf(state: EndpointState): PresenceSince {
  if (state.confirmed === false) return { presence: 'unknown', since: state.since }
  const presence = wordOfDevice(state.deviceState)
  const isIdle = presence === 'available' || presence === 'unknown'
  if (!isIdle) return { presence, since: state.since }
  if (state.reachability === 'offline') return { presence: 'offline', since: state.reachableSince ?? state.since }
  if (state.dnd) return { presence: 'dnd', since: state.dnd.since }
  if (state.away) return { presence: 'away', since: state.away.since }
  return { presence, since: state.since }
}

/**
 * Returns the presence of several devices of one extension: the first of `presenceWords` that any device has. So the extension
 * rings if one phone rings, and is offline only if all phones are. `since` is when the first device entered that state, and
 * for `offline`, which needs all devices, when the last one did.
 */
export function combinePresence(states: readonly EndpointState[]): PresenceSince | undefined {
  const each = states.map(presenceOf)
  const presence = presenceWords.find((word) => each.some((one) => one.presence === word))
  if (presence === undefined) return undefined
  const times = each
    .filter((one) => one.presence === presence)
    .map(({ since }) => since)
    .sort()
  return { presence, since: (presence === 'offline' ? times.at(-1) : times[0]) ?? '' }
}

/** Returns the number of a phone, or its resource if the PBX has no number for it; undefined for custom device states and trunks. */
export function extensionOf({ technology, number, resource, trunk }: EndpointState): string | undefined {
  return technology === 'Custom' || trunk ? undefined : (number ?? resource)
}

/** Returns the devices of each extension. */
export function byExtension(states: Iterable<EndpointState>): Map<string, EndpointState[]> {
  const phones = [...states].filter((state) => extensionOf(state) !== undefined)
  return Map.groupBy(phones, (state) => extensionOf(state) ?? '')
}

/** The field of an endpoint's state for each kind of forwarding, by its name in the HTTP API. */
export const forwardParts = {
  always: 'forward',
  busy: 'forwardBusy',
  'no-answer': 'forwardNoAnswer',
  unavailable: 'forwardUnavailable',
} as const satisfies Record<ForwardWhen, keyof EndpointState>
export const forwardWhens: readonly ForwardWhen[] = ['always', 'busy', 'no-answer', 'unavailable']

/** States of a trunk for people: `down` if the provider cannot be reached or refuses the registration. */
export type TrunkWord = 'down' | 'up' | 'unknown'

/** State of a trunk; `since` (RFC 3339) is when the registration or the reachability that decides it began. */
export interface TrunkPresence {
  word: TrunkWord
  since: string
}

/** Returns the state of a trunk. A registration that is lost decides before a contact that answers, since calls then do not arrive. */
export function trunkPresenceOf({
  trunk,
  reachability,
  reachableSince,
  since,
  confirmed,
}: EndpointState): TrunkPresence {
  if (confirmed === false) return { word: 'unknown', since }
  const registration = trunk?.registration
  if (registration && registration.state !== 'registered') return { word: 'down', since: registration.since }
  if (reachability === 'offline') return { word: 'down', since: reachableSince ?? since }
  if (registration) return { word: 'up', since: registration.since }
  return { word: reachability === 'online' ? 'up' : 'unknown', since: reachableSince ?? since }
}

/** Returns how many live calls use an endpoint. */
export function callsOn(endpoint: string, calls: readonly CallState[]): number {
  const uses = ({ state, caller, callees }: CallState) =>
    state !== 'ended' && [caller, ...callees].some((party) => party.endpoint === endpoint)
  return calls.filter(uses).length
}
