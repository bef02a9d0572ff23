import type { EndpointState, Reachability } from '../../contracts/facts.ts'

/** Technologies whose devices are phones and trunks. Devices of others (`Local/`, `WebSocket/`) belong to one call. */
const deviceTechnologies = new Set(['PJSIP', 'SIP', 'IAX2', 'DAHDI', 'SCCP', 'Skinny', 'MGCP', 'Motif'])
/** In these states an endpoint has a contact that answers. */
const inService = new Set(['NOT_INUSE', 'INUSE', 'BUSY', 'RINGING', 'RINGINUSE', 'ONHOLD'])

/** Returns the new state with what REST does not report, and with the times of values that did not change. */
export function carryOver(before: EndpointState, state: EndpointState): EndpointState {
  const since = before.deviceState === state.deviceState ? before.since : state.since
  const { reachableSince: was, ...rest } = before
  const reachableSince = before.reachability === state.reachability ? was : state.since
  return { ...rest, ...state, since, ...(reachableSince !== undefined && { reachableSince }) }
}

export function list(state: EndpointState | undefined): EndpointState[] {
  return state ? [state] : []
}

/** Endpoints that no person calls from: for callers without an account (`anonymous@example.com` too), and for managing softphones. */
const noPhone = /^(anonymous(@.*)?|dpma_endpoint|default_outbound_endpoint)$/i

/** Returns whether a device is a phone or a trunk. */
export function isPhone(technology: string, resource: string): boolean {
  return deviceTechnologies.has(technology) && resource !== '' && !noPhone.test(resource)
}

export function split(device: string): [string, string] {
  const slash = device.indexOf('/')
  return slash < 0 ? [device, ''] : [device.slice(0, slash), device.slice(slash + 1)]
}

export function blank(technology: string, resource: string, since: string): EndpointState {
  const endpoint = `${technology}/${resource}`
  return { endpoint, technology, resource, deviceState: 'UNKNOWN', reachability: 'unknown', since }
}

/** Returns the round trip in microseconds that Asterisk measured, up to 1,000 s; 0 for anything else. */
export function roundTripOf(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : 0
}

export function reachability(state: string): Reachability {
  return state === 'online' || state === 'offline' ? state : 'unknown'
}

export function deviceReachability(state: string): Reachability | undefined {
  if (state === 'UNAVAILABLE') return 'offline'
  return inService.has(state) ? 'online' : undefined
}
