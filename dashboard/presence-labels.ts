import type { EndpointState } from '../contracts/facts.ts'
import { extensionOf } from '../contracts/presence.ts'

/** Whether an endpoint is a phone. Custom device states are endpoints too: lamps, or what a user has set. */
export function isPhone(state: EndpointState): boolean {
  return extensionOf(state) !== undefined
}
