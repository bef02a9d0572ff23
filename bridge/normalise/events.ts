import * as v from 'valibot'
import { Bridge, Channel, DeviceState, Endpoint, id, text } from './ari-objects.ts'
import { isEventAsWritten } from './events-as-written.ts'
import { unreadTypes } from './known-types.ts'

/** Asterisk's events that the bridge reads. Others, and those of a later Asterisk, are counted and passed over. */
const common = { timestamp: v.optional(text) }
const channel = { channel: Channel }
const cause = { cause: v.optional(v.number()) }
const onlyChannel = <const T extends string>(type: T) => v.looseObject({ ...common, ...channel, type: v.literal(type) })
/** `roundtrip_usec` is text; absent while the contact was not asked. */
const ContactInfo = v.looseObject({ roundtrip_usec: v.optional(text, '') })
const endpointEvent = <const T extends string>(type: T) =>
  v.looseObject({ ...common, type: v.literal(type), endpoint: Endpoint, contact_info: v.optional(ContactInfo) })

export const AriEvent = v.variant('type', [
  onlyChannel('ChannelCreated'),
  onlyChannel('ChannelStateChange'),
  v.looseObject({ ...common, ...channel, ...cause, type: v.literal('ChannelHangupRequest') }),
  v.looseObject({
    ...common,
    ...channel,
    ...cause,
    tech_cause: v.optional(v.number()),
    type: v.literal('ChannelDestroyed'),
  }),
  v.looseObject({
    ...common,
    type: v.literal('Dial'),
    caller: v.optional(Channel),
    peer: Channel,
    dialstatus: v.optional(text, ''),
  }),
  v.looseObject({ ...common, ...channel, type: v.literal('ChannelEnteredBridge'), bridge: Bridge }),
  v.looseObject({ ...common, type: v.literal('BridgeMerged'), bridge: Bridge, bridge_from: Bridge }),
  v.looseObject({
    ...common,
    ...channel,
    type: v.literal('BridgeBlindTransfer'),
    transferee: v.optional(Channel),
    replace_channel: v.optional(Channel),
  }),
  v.looseObject({
    ...common,
    type: v.literal('BridgeAttendedTransfer'),
    transferer_first_leg: Channel,
    transferer_second_leg: Channel,
    transferee: v.optional(Channel),
    transfer_target: v.optional(Channel),
    replace_channel: v.optional(Channel),
  }),
  v.looseObject({ ...common, type: v.literal('DeviceStateChanged'), device_state: DeviceState }),
  endpointEvent('PeerStatusChange'),
  endpointEvent('ContactStatusChange'),
  v.looseObject({
    ...common,
    type: v.literal('ChannelUserevent'),
    eventname: text,
    userevent: v.optional(v.record(text, v.unknown()), {}),
  }),
  v.looseObject({ ...common, type: v.literal('ApplicationReplaced'), application: v.optional(id, '') }),
])
export type AriEvent = v.InferOutput<typeof AriEvent>
export type EventOf<T extends AriEvent['type']> = Extract<AriEvent, { type: T }>

type Option = (typeof AriEvent.options)[number]
/** The schema of each type that is read: looking for it among all costs as much as the check. */
const options: ReadonlyMap<string, Option> = new Map(
  AriEvent.options.map((option) => [option.entries.type.literal, option]),
)
/** What the bridge reads. */
export const readTypes: ReadonlySet<string> = new Set(options.keys())
const typeLengthMax = 100

export type Frame =
  | { kind: 'event'; event: AriEvent }
  /** Noise, or a type that the bridge has no use for. */
  | { kind: 'ignored' }
  /** Of an Asterisk that is newer than this bridge. */
  | { kind: 'unknown'; type: string }
  /** Not an event as Asterisk writes it; the bytes belong in the quarantine. */
  | { kind: 'malformed'; reason: string }

export function readFrame(frame: string): Frame {
  let json: unknown
  try {
    json = JSON.parse(frame)
  } catch {
    return { kind: 'malformed', reason: 'not JSON' }
  }
  if (isEventAsWritten(json)) return { kind: 'event', event: json }
  const type = typeof json === 'object' && json !== null && 'type' in json ? json.type : undefined
  if (typeof type !== 'string' || type === '' || type.length > typeLengthMax) {
    return { kind: 'malformed', reason: 'no type' }
  }
  const option = options.get(type)
  if (!option) return unreadTypes.has(type) ? { kind: 'ignored' } : { kind: 'unknown', type }
  const event = v.safeParse(option, json)
  if (event.success) return { kind: 'event', event: event.output }
  const keys = [...new Set(event.issues.map((issue) => v.getDotPath(issue) ?? ''))].join(' ')
  return { kind: 'malformed', reason: `${type}: ${keys}` }
}
