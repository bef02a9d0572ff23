import type { EndpointState } from '../../contracts/facts.ts'
import { forwardParts } from '../../contracts/presence.ts'
import { cutText } from '../../contracts/text.ts'
import type { EventOf } from './events.ts'

/** The settings of an extension in the dial plan: forwarding targets (empty if not set) and do not disturb. */
export interface ExtensionSettings {
  forward: string
  forwardBusy: string
  forwardNoAnswer: string
  forwardUnavailable: string
  dnd: boolean
}
/** The settings of an extension that has none. */
export const noSettings: ExtensionSettings = {
  forward: '',
  forwardBusy: '',
  forwardNoAnswer: '',
  forwardUnavailable: '',
  dnd: false,
}

/** What the dial plan reports in a UserEvent. */
export type SettingsReport =
  | { kind: 'extension'; number: string; settings: ExtensionSettings }
  /** The last event of an answer: the dial plan supports forwarding. */
  | { kind: 'complete' }

/** A phone number has at most 32 characters in the dial plan. */
const fieldMax = 60
const forwards = Object.values(forwardParts)

/** Reads a UserEvent of the dial plan's contexts `renvoi-dire` and `renvoi-api`; returns `undefined` for other UserEvents. */
export function readUserEvent({ eventname, userevent }: EventOf<'ChannelUserevent'>): SettingsReport | undefined {
  const field = (name: string) => cutText(String(userevent[name] ?? ''), fieldMax)
  if (eventname === 'RenvoiFin') return { kind: 'complete' }
  if (eventname !== 'Renvoi' || !/^\d{1,8}$/.test(field('Ext'))) return undefined
  const settings = {
    forward: field('Always'),
    forwardBusy: field('Busy'),
    forwardNoAnswer: field('NoAnswer'),
    forwardUnavailable: field('Unavailable'),
    dnd: field('Dnd') !== '',
  }
  return { kind: 'extension', number: field('Ext'), settings }
}

/** Returns the endpoint with these settings. An unchanged setting keeps its `since`. `isForwardable`: they can be set over the API. */
export function withSettings(
  state: EndpointState,
  settings: ExtensionSettings,
  at: string,
  isForwardable = true,
): EndpointState {
  const { dnd, forwardable: _, ...rest } = state
  const next: EndpointState = { ...rest, ...(isForwardable && { forwardable: true }) }
  for (const kind of forwards) {
    const target = settings[kind]
    delete next[kind]
    if (target !== '') next[kind] = state[kind]?.target === target ? state[kind] : { target, since: at }
  }
  if (settings.dnd) next.dnd = dnd ?? { since: at }
  return next
}

/** Another user of the phone has settings of their own, which are read next. */
export function ofUser(state: EndpointState, number: string | undefined): EndpointState {
  if (state.number === undefined || state.number === number) return state
  return withSettings(state, noSettings, state.since, state.forwardable)
}

export function hasSettings(state: EndpointState): boolean {
  return state.dnd !== undefined || forwards.some((kind) => state[kind] !== undefined)
}
