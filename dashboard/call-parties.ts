import type { CallState, Party } from '../contracts/facts.ts'
import { plural, t } from './language.ts'
import { phoneNumber } from './phone-number.ts'

/** How the page shows a party of a call: `main` in full, and `detail` beside it, which may be empty. */
export interface Label {
  main: string
  detail: string
}

/** The cloud puts this in place of numbers and names that the key may not see. */
const hidden = '…'

/** Names what is hidden, since an ellipsis alone says nothing: the device of the site, or the last digits of an outside number. */
function hiddenLabel(number: string, endpoint: string | undefined): Label {
  const device = endpoint?.replace(/^[^/]+\//, '')
  if (device && !device.startsWith(hidden)) return { main: t('party.device', { device }), detail: '' }
  return { main: number.length > 1 ? t('party.outsideEnding', { digits: number }) : t('party.hidden'), detail: '' }
}

/** Endpoints that lead out of the site: a call without a number that came over one came from somebody, not from the trunk. */
const trunks = new Set<string>()

export function showTrunk(endpoint: string): void {
  trunks.add(endpoint)
}

export function partyLabel({ number, name, endpoint }: Party): Label {
  if (name === hidden || number.startsWith(hidden)) return hiddenLabel(number, endpoint)
  const device = endpoint === undefined || trunks.has(endpoint) ? '' : endpoint.replace(/^[^/]+\//, '')
  const known = number || device
  if (name && name !== known) return { main: name, detail: phoneNumber(known) }
  return { main: phoneNumber(known) || t('party.anonymous'), detail: '' }
}

/** Returns the phones that ring or answered, or the dialled number as long as no phone rings. */
export function calleeLabel({ callees, dialled }: Pick<CallState, 'callees' | 'dialled'>): Label {
  const [first, ...others] = callees
  if (!first) return partyLabel({ number: dialled, name: '' })
  const label = partyLabel(first)
  return others.length > 0 ? { ...label, detail: plural('party.others', others.length) } : label
}

/** Returns the other party of a call that an endpoint is in; undefined if it is in none. */
export function peerOf(endpoint: string, calls: Iterable<CallState>): Label | undefined {
  for (const call of calls) {
    if (call.caller.endpoint === endpoint) return calleeLabel(call)
    if (call.callees.some((callee) => callee.endpoint === endpoint)) return partyLabel(call.caller)
  }
  return undefined
}
