import * as v from 'valibot'
import { repair } from '../normalise/repair.ts'

const Channel = v.looseObject({
  id: v.string(),
  caller: v.optional(v.looseObject({ number: v.optional(v.string(), '') }), { number: '' }),
  dialplan: v.optional(v.looseObject({ app_name: v.optional(v.string(), ''), app_data: v.optional(v.string(), '') }), {
    app_name: '',
    app_data: '',
  }),
})
const channel = v.looseObject({ id: v.string() })

/** An ARI event that menus use. The event filter (`allowedTypes`) makes Asterisk send only these types. */
export const MenuAriEvent = v.variant('type', [
  v.looseObject({ type: v.literal('StasisStart'), args: v.array(v.string()), channel: Channel }),
  v.looseObject({ type: v.literal('StasisEnd'), channel }),
  v.looseObject({ type: v.literal('ChannelDtmfReceived'), digit: v.string(), channel }),
  v.looseObject({
    type: v.literal('PlaybackFinished'),
    playback: v.looseObject({ id: v.string(), target_uri: v.string(), state: v.string() }),
  }),
  v.looseObject({ type: v.literal('ApplicationReplaced') }),
])
export type MenuAriEvent = v.InferOutput<typeof MenuAriEvent>

export const allowedTypes: readonly string[] = [
  'StasisStart',
  'StasisEnd',
  'ChannelDtmfReceived',
  'PlaybackFinished',
  'ApplicationReplaced',
]

const Channels = v.array(Channel)

/** Returns the channels in the answer to `GET /channels`, without any that has no id; undefined if it is not an answer of ARI. */
export function readChannels(answer: unknown): MenuChannelInfo[] | undefined {
  const read = repair(Channels, answer)
  return read.kind === 'value' ? read.value : undefined
}
export type MenuChannelInfo = v.InferOutput<typeof Channel>

/**
 * Reads one frame of the menus' socket. `ignored`: an event of another type, which arrives until Asterisk has applied the event
 * filter. `malformed`: no JSON, or an event without what the menu needs.
 */
export function readMenuFrame(frame: Buffer): MenuAriEvent | 'ignored' | 'malformed' {
  let json: unknown
  try {
    json = JSON.parse(frame.toString('utf8'))
  } catch {
    return 'malformed'
  }
  if (!v.is(v.looseObject({ type: v.picklist(allowedTypes) }), json)) return 'ignored'
  const read = repair(MenuAriEvent, json)
  return read.kind === 'value' ? read.value : 'malformed'
}

/** Returns the caller's number. All callers with a withheld number count as one caller for the lookup's lock-out. */
export function callerOf({ caller }: MenuChannelInfo): string {
  return caller.number || 'withheld'
}
