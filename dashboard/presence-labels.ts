import type { EndpointState } from '../contracts/facts.ts'
import { extensionOf, type PresenceWord, presenceOf, presenceWords } from '../contracts/presence.ts'

/** Custom states of the PBX are lamps and marks of users, not phones. */
export function isPhone(state: EndpointState): boolean {
  return extensionOf(state) !== undefined
}

/** How many phones each word is said of, what wants attention first. */
export function countPresences(states: Iterable<EndpointState>): { word: PresenceWord; count: number }[] {
  const counts = new Map<PresenceWord, number>()
  for (const state of states) {
    const { presence } = presenceOf(state)
    counts.set(presence, (counts.get(presence) ?? 0) + 1)
  }
  return presenceWords.flatMap((word) => ({ word, count: counts.get(word) ?? 0 })).filter(({ count }) => count > 0)
}
