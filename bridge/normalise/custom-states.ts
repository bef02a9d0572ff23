import type { EndpointState } from '../../contracts/facts.ts'

/** Prefix of device states that the dial plan sets: `Custom:lamp` is published as the endpoint `Custom/lamp`. */
const prefix = 'Custom:'
/** `DND60` and `AWAY60` are settings of the users of phones with the number 60. */
const markName = /^(DND|AWAY)(\d{1,20})$/
/** In these states the lamp of a phone that watches the custom state is lit. */
const lit = new Set(['INUSE', 'BUSY', 'RINGING', 'RINGINUSE', 'ONHOLD'])

export interface Mark {
  what: 'dnd' | 'away'
  number: string
  isOn: boolean
  since: string
}

/** Returns `lamp` for `Custom:lamp`; `undefined` for other devices. */
export function customName(device: string): string | undefined {
  return device.startsWith(prefix) ? device.slice(prefix.length) || undefined : undefined
}

/** Returns the custom devices by which users of a number set do not disturb and away. */
export function markDevices(number: string): string[] {
  return [`${prefix}DND${number}`, `${prefix}AWAY${number}`]
}

/** Returns the setting that a custom state has for a number; `undefined` for other endpoints. */
export function markOf({ technology, resource, deviceState, since }: EndpointState): Mark | undefined {
  const [, what, number] = (technology === 'Custom' && markName.exec(resource)) || []
  if (!what || !number) return undefined
  return { what: what === 'DND' ? 'dnd' : 'away', number, isOn: lit.has(deviceState), since }
}

/**
 * Returns the phone with its user's setting. On a PBX whose dial plan supports forwarding over the API, do not disturb comes
 * from the dial plan's own event, and the custom state is only the lamp.
 */
export function withMark(state: EndpointState, { what, isOn, since }: Mark): EndpointState {
  if (what === 'dnd' && state.forwardable) return state
  const { [what]: before, ...rest } = state
  return isOn ? { ...rest, [what]: before ?? { since } } : rest
}
