import type { EndpointState } from '../../contracts/facts.ts'

/** Device states that the PBX's own dial plan makes: `Custom:lamp` is the endpoint `Custom/lamp`. Pure. */
const prefix = 'Custom:'
/** What the users of the phones with that number have set. */
const markName = /^(DND|AWAY)(\d{1,20})$/
/** A phone's lamp that follows the state is lit in these. */
const lit = new Set(['INUSE', 'BUSY', 'RINGING', 'RINGINUSE', 'ONHOLD'])

export interface Mark {
  what: 'dnd' | 'away'
  number: string
  isOn: boolean
  since: string
}

/** `lamp` of `Custom:lamp`. */
export function customName(device: string): string | undefined {
  return device.startsWith(prefix) ? device.slice(prefix.length) || undefined : undefined
}

/** The names of devices by which the users of a number say that they are not to be disturbed, or away. */
export function markDevices(number: string): string[] {
  return [`${prefix}DND${number}`, `${prefix}AWAY${number}`]
}

/** What a custom state says of a number, if it says anything of one. */
export function markOf({ technology, resource, deviceState, since }: EndpointState): Mark | undefined {
  const [, what, number] = (technology === 'Custom' && markName.exec(resource)) || []
  if (!what || !number) return undefined
  return { what: what === 'DND' ? 'dnd' : 'away', number, isOn: lit.has(deviceState), since }
}

/**
 * A phone with what its user set. Where the dial plan follows what is set over the API, its own store says whether do not
 * disturb is on, and tells it in an event of its own; the custom state is only the lamp.
 */
export function withMark(state: EndpointState, { what, isOn, since }: Mark): EndpointState {
  if (what === 'dnd' && state.forwardable) return state
  const { [what]: before, ...rest } = state
  return isOn ? { ...rest, [what]: before ?? { since } } : rest
}
