import type { EndpointState } from '../contracts/facts.ts'
import { extensionOf, forwardParts, forwardWhens } from '../contracts/presence.ts'
import type { ForwardWhen } from '../contracts/routes/extensions.ts'

/** Returns the extension that reaches a phone. Trunks and lamps have none. */
export function dialledAs(state: EndpointState): string | undefined {
  const extension = extensionOf(state)
  return extension !== undefined && /^[1-9]\d{0,7}$/.test(extension) ? extension : undefined
}

export function forwardsOf(state: EndpointState): { when: ForwardWhen; target: string }[] {
  return forwardWhens.flatMap((when) => {
    const set = state[forwardParts[when]]
    return set ? [{ when, target: set.target }] : []
  })
}

const stored = 'switchhook.ownPhone'

/** Returns the phone that was last chosen in this browser to ring first. */
export function ownPhone(): string | undefined {
  return localStorage.getItem(stored) ?? undefined
}

export function keepOwnPhone(endpoint: string): void {
  localStorage.setItem(stored, endpoint)
}
