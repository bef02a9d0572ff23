import type { EndpointState } from '../contracts/facts.ts'
import { extensionOf, type PresenceWord, presenceOf, presenceWords } from '../contracts/presence.ts'

/** Whether an endpoint is a phone. Custom device states are endpoints too: lamps, or what a user has set. */
export function isPhone(state: EndpointState): boolean {
  return extensionOf(state) !== undefined
}

/** Counts the phones in each presence. Those that need attention come first. */
export function countPresences(states: Iterable<EndpointState>): { word: PresenceWord; count: number }[] {
  const counts = new Map<PresenceWord, number>()
  for (const state of states) {
    const { presence } = presenceOf(state)
    counts.set(presence, (counts.get(presence) ?? 0) + 1)
  }
  return presenceWords.flatMap((word) => ({ word, count: counts.get(word) ?? 0 })).filter(({ count }) => count > 0)
}
