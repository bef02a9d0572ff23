import type { EndpointState } from '../../contracts/facts.ts'
import { forwardParts } from '../../contracts/presence.ts'
import type { EventOf } from './events.ts'

/** What the dial plan keeps of an extension: a target or nothing, and do not disturb. */
export interface ExtensionSettings {
  forward: string
  forwardBusy: string
  forwardNoAnswer: string
  forwardUnavailable: string
  dnd: boolean
}
/** What the PBX's configuration says of an endpoint. */
export interface PhoneEntry {
  endpoint: string
  number: string | undefined
  name: string | undefined
}

export type Told =
  | { what: 'extension'; number: string; settings: ExtensionSettings }
  /** The dial plan has answered a question to its end: it has the contexts of forwarding. */
  | { what: 'answered' }

const forwards = Object.values(forwardParts)

/** A UserEvent of the dial plan's `renvoi-dire` and `renvoi-api`; others are not ours. Pure. */
export function readUserEvent({ eventname, userevent }: EventOf<'ChannelUserevent'>): Told | undefined {
  const field = (name: string) => String(userevent[name] ?? '').slice(0, 60)
  if (eventname === 'RenvoiFin') return { what: 'answered' }
  if (eventname !== 'Renvoi' || !/^\d{1,8}$/.test(field('Ext'))) return undefined
  const settings = {
    forward: field('Always'),
    forwardBusy: field('Busy'),
    forwardNoAnswer: field('NoAnswer'),
    forwardUnavailable: field('Unavailable'),
    dnd: field('Dnd') !== '',
  }
  return { what: 'extension', number: field('Ext'), settings }
}

/** The endpoint with these settings; what is as it was keeps its time. */
export function withSettings(state: EndpointState, settings: ExtensionSettings, at: string): EndpointState {
  const { dnd, ...rest } = state
  const next: EndpointState = { ...rest, forwardable: true }
  for (const kind of forwards) {
    const target = settings[kind]
    delete next[kind]
    if (target !== '') next[kind] = state[kind]?.target === target ? state[kind] : { target, since: at }
  }
  if (settings.dnd) next.dnd = dnd ?? { since: at }
  return next
}

export function hasSettings(state: EndpointState): boolean {
  return state.dnd !== undefined || forwards.some((kind) => state[kind] !== undefined)
}
