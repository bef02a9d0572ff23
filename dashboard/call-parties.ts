import type { CallState, Party } from '../contracts/facts.ts'
import { strings } from './strings.ts'

/** How the page shows a party of a call: `main` in full, and `detail` beside it, which may be empty. */
export interface Label {
  main: string
  detail: string
}

export function partyLabel({ number, name, endpoint }: Party): Label {
  const known = number || endpoint?.replace(/^[^/]+\//, '') || ''
  if (name && name !== known) return { main: name, detail: known }
  return { main: known || strings.calls.anonymous, detail: '' }
}

/** Returns the phones that ring or answered, or the dialled number as long as no phone rings. */
export function calleeLabel({ callees, dialled }: CallState): Label {
  const [first, ...others] = callees
  if (!first) return { main: dialled, detail: '' }
  const label = partyLabel(first)
  return others.length > 0 ? { ...label, detail: strings.calls.others(others.length) } : label
}

/** Returns the other party of the call that an endpoint is in, if it is in one. */
export function peerOf(endpoint: string, calls: Iterable<CallState>): Label | undefined {
  for (const call of calls) {
    if (call.caller.endpoint === endpoint) return calleeLabel(call)
    if (call.callees.some((callee) => callee.endpoint === endpoint)) return partyLabel(call.caller)
  }
  return undefined
}
