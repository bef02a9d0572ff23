import { unconfirmedCall, unconfirmedEndpoint } from '../../contracts/unconfirmed.ts'
import type { Publication } from './stamp.ts'

/** Returns a fact as it may be published while the PBX is down since `since`. */
export function unconfirmed(fact: Publication, since: string): Publication {
  if (fact.kind === 'endpoint') return { kind: 'endpoint', state: unconfirmedEndpoint(fact.state, since) }
  return fact.kind === 'call' ? { kind: 'call', state: unconfirmedCall(fact.state) } : fact
}
