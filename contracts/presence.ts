import type { EndpointState } from './facts.ts'
import type { ForwardWhen } from './routes/extensions.ts'

/** Presence as people mean it. */
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
  // On a call and a second one rings: what wants an answer is the ringing.
  ['RINGINUSE', 'ringing'],
  ['ONHOLD', 'on-hold'],
  ['BUSY', 'on-call'],
  ['UNAVAILABLE', 'offline'],
])

/**
 * One device. A device state that tells of a call wins over all else, since the call is real; a phone that does not
 * answer is offline whatever its user set; of what a user set, `dnd` wins over `away`.
 */
export function presenceOf(state: EndpointState): PresenceSince {
  const presence = wordOf.get(state.deviceState) ?? 'unknown'
  const isIdle = presence === 'available' || presence === 'unknown'
  if (!isIdle) return { presence, since: state.since }
  if (state.reachability === 'offline') return { presence: 'offline', since: state.reachableSince ?? state.since }
  if (state.dnd) return { presence: 'dnd', since: state.dnd.since }
  if (state.away) return { presence: 'away', since: state.away.since }
  return { presence, since: state.since }
}

/**
 * Several devices of one extension: the first of `presenceWords` that any of them is in. So the person rings if one
 * phone rings, is available if one phone is, and is offline only if all are known to be. A word that any one device
 * makes stands since the first made it; `offline`, which takes all, since the last did.
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

/** The number by which a phone is dialled, or its name where the PBX tells no number; custom device states are no phones. */
export function extensionOf({ technology, number, resource }: EndpointState): string | undefined {
  return technology === 'Custom' ? undefined : (number ?? resource)
}

/** The devices of each extension. */
export function byExtension(states: Iterable<EndpointState>): Map<string, EndpointState[]> {
  const phones = [...states].filter((state) => extensionOf(state) !== undefined)
  return Map.groupBy(phones, (state) => extensionOf(state) ?? '')
}

/** Each kind of forwarding, by the name it has over HTTP, and the part of an endpoint's state that tells it. */
export const forwardParts = {
  always: 'forward',
  busy: 'forwardBusy',
  'no-answer': 'forwardNoAnswer',
  unavailable: 'forwardUnavailable',
} as const satisfies Record<ForwardWhen, keyof EndpointState>
export const forwardWhens: readonly ForwardWhen[] = ['always', 'busy', 'no-answer', 'unavailable']
