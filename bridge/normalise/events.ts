import * as v from 'valibot'
import { Bridge, Channel, causeCode, DeviceState, Endpoint, text } from './ari-objects.ts'

const common = { timestamp: v.optional(text) }
const channel = { channel: Channel }
const cause = { cause: v.optional(causeCode) }
const onlyChannel = <const T extends string>(type: T) => v.looseObject({ ...common, ...channel, type: v.literal(type) })
/** `roundtrip_usec` is a string; Asterisk omits it until it has measured the contact. */
const ContactInfo = v.looseObject({ roundtrip_usec: v.optional(text, '') })
const endpointEvent = <const T extends string>(type: T) =>
  v.looseObject({ ...common, type: v.literal(type), endpoint: Endpoint, contact_info: v.optional(ContactInfo) })

/** Without its bridge, an event still tells that its channel lives. */
const SomeBridge = v.optional(Bridge, { bridge_type: '', channels: [], creationtime: '' })

/** The events of Asterisk that the bridge uses, with the fields that it reads. */
export const AriEvent = v.variant('type', [
  onlyChannel('ChannelCreated'),
  onlyChannel('ChannelStateChange'),
  onlyChannel('ChannelCallerId'),
  v.looseObject({ ...common, ...channel, ...cause, type: v.literal('ChannelHangupRequest') }),
  v.looseObject({
    ...common,
    ...channel,
    ...cause,
    tech_cause: v.optional(causeCode),
    type: v.literal('ChannelDestroyed'),
  }),
  v.looseObject({
    ...common,
    type: v.literal('Dial'),
    caller: v.optional(Channel),
    peer: Channel,
    dialstatus: v.optional(text, ''),
    /** What was dialled, `0145678900@provider`: as long as the dial plan makes it. */
    dialstring: v.optional(v.string()),
  }),
  v.looseObject({ ...common, ...channel, type: v.literal('ChannelEnteredBridge'), bridge: SomeBridge }),
  v.looseObject({ ...common, type: v.literal('BridgeMerged'), bridge: SomeBridge, bridge_from: SomeBridge }),
  v.looseObject({
    ...common,
    channel: v.optional(Channel),
    type: v.literal('BridgeBlindTransfer'),
    transferee: v.optional(Channel),
    replace_channel: v.optional(Channel),
  }),
  v.looseObject({
    ...common,
    type: v.literal('BridgeAttendedTransfer'),
    transferer_first_leg: v.optional(Channel),
    transferer_second_leg: v.optional(Channel),
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
    eventname: v.optional(text, ''),
    userevent: v.optional(v.record(v.string(), v.unknown()), {}),
  }),
  v.looseObject({ ...common, type: v.literal('ApplicationReplaced'), application: v.optional(text, '') }),
])
export type AriEvent = v.InferOutput<typeof AriEvent>
export type EventOf<T extends AriEvent['type']> = Extract<AriEvent, { type: T }>

type EventSchema = (typeof AriEvent.options)[number]
/** The schema of each event type that the bridge uses. A map, since valibot tries the options of a variant one by one. */
export const eventSchemas: ReadonlyMap<string, EventSchema> = new Map(
  AriEvent.options.map((option) => [option.entries.type.literal, option]),
)
