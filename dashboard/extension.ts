import type { EndpointState } from '../contracts/facts.ts'
import type { ForwardWhen } from '../contracts/operations/extensions.ts'

/** By which a phone is dialled: its number, or its name where the PBX tells no number. A trunk and a lamp have none. */
export function extensionOf({ technology, number, resource }: EndpointState): string | undefined {
  const extension = number ?? resource
  return technology !== 'Custom' && /^[1-9]\d{0,7}$/.test(extension) ? extension : undefined
}

export const whens = ['always', 'busy', 'no-answer', 'unavailable'] as const satisfies ForwardWhen[]

export function forwardsOf(state: EndpointState): { when: ForwardWhen; target: string }[] {
  const { forward, forwardBusy, forwardNoAnswer, forwardUnavailable } = state
  const all = [forward, forwardBusy, forwardNoAnswer, forwardUnavailable]
  return whens.flatMap((when, i) => {
    const set = all[i]
    return set ? [{ when, target: set.target }] : []
  })
}

const stored = 'switchhook.ownPhone'

/** Which phone rings first, as last chosen in this tab. */
export function ownPhone(): string | undefined {
  return sessionStorage.getItem(stored) ?? undefined
}

export function keepOwnPhone(endpoint: string): void {
  sessionStorage.setItem(stored, endpoint)
}
