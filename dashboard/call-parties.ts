import type { Cdr } from '../contracts/cdr.ts'
import type { CallState, Party } from '../contracts/facts.ts'
import { strings } from './strings.ts'

/** A side of a call for the eye: `main` in full, `detail` beside it, empty where there is nothing more to say. */
export interface Label {
  main: string
  detail: string
}

export function partyLabel({ number, name, endpoint }: Party): Label {
  const known = number || endpoint?.replace(/^[^/]+\//, '') || ''
  if (name && name !== known) return { main: name, detail: known }
  return { main: known || strings.calls.anonymous, detail: '' }
}

/** Who is called: those who ring or answered, or the number as dialled while nobody does. */
export function calleeLabel({ callees, dialled }: CallState): Label {
  const [first, ...others] = callees
  if (!first) return { main: dialled, detail: '' }
  const label = partyLabel(first)
  return others.length > 0 ? { ...label, detail: strings.calls.others(others.length) } : label
}

/** The other side of the call that an endpoint is in. */
export function peerOf(endpoint: string, calls: Iterable<CallState>): Label | undefined {
  for (const call of calls) {
    if (call.caller.endpoint === endpoint) return calleeLabel(call)
    if (call.callees.some((callee) => callee.endpoint === endpoint)) return partyLabel(call.caller)
  }
  return undefined
}

/** `clid` is Asterisk's `"Name" <number>`. */
export function cdrCaller({ clid, src }: Pick<Cdr, 'clid' | 'src'>): Label {
  const name = /^"(.*)"\s*<.*>$/.exec(clid)?.[1]?.trim() ?? ''
  return partyLabel({ number: src, name })
}
