import { unconfirmedCall, unconfirmedEndpoint, unconfirmedQueuePart } from '../../contracts/unconfirmed.ts'
import type { Publication } from './stamp.ts'

/** Returns a fact as it may be published while the PBX is down since `since`. */
export function unconfirmed(fact: Publication, since: string): Publication {
  switch (fact.kind) {
    case 'endpoint':
      return { ...fact, state: unconfirmedEndpoint(fact.state, since) }
    case 'call':
      return { ...fact, state: unconfirmedCall(fact.state) }
    case 'queue':
      return { ...fact, state: unconfirmedQueuePart(fact.state, since) }
    default:
      return fact
  }
}
