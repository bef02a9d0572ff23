import type { EndpointState } from '../contracts/facts.ts'

export type PhoneWord = 'available' | 'ringing' | 'on-call' | 'on-hold' | 'busy' | 'offline' | 'unknown'

const wordOf = new Map<string, PhoneWord>([
  ['NOT_INUSE', 'available'],
  ['INUSE', 'on-call'],
  ['RINGING', 'ringing'],
  // On a call and a second one rings: what wants an answer is the ringing.
  ['RINGINUSE', 'ringing'],
  ['ONHOLD', 'on-hold'],
  ['BUSY', 'busy'],
  ['UNAVAILABLE', 'offline'],
])

/**
 * Asterisk's device state as people say it. A device state that tells of a call wins over reachability, since the call is
 * real while an expired registration is noticed late; an idle phone that does not answer is offline.
 */
export function phoneWord(state: Pick<EndpointState, 'deviceState' | 'reachability'>): PhoneWord {
  const word = wordOf.get(state.deviceState) ?? 'unknown'
  const isIdle = word === 'available' || word === 'unknown'
  return isIdle && state.reachability === 'offline' ? 'offline' : word
}

/** The order in which a summary names them: what wants attention first. */
export const phoneWords: readonly PhoneWord[] = [
  'ringing',
  'on-call',
  'on-hold',
  'busy',
  'available',
  'offline',
  'unknown',
]

export function countWords(states: Iterable<EndpointState>): { word: PhoneWord; count: number }[] {
  const counts = new Map<PhoneWord, number>()
  for (const state of states) counts.set(phoneWord(state), (counts.get(phoneWord(state)) ?? 0) + 1)
  return phoneWords.flatMap((word) => ({ word, count: counts.get(word) ?? 0 })).filter(({ count }) => count > 0)
}
