import * as v from 'valibot'

const Channel = v.looseObject({
  id: v.string(),
  caller: v.looseObject({ number: v.string() }),
  dialplan: v.looseObject({ app_name: v.string(), app_data: v.string() }),
})
const channel = v.looseObject({ id: v.string() })

/** What the menus' own application hears, and no more: Asterisk is asked for these types alone. */
export const MenuWireEvent = v.variant('type', [
  v.looseObject({ type: v.literal('StasisStart'), args: v.array(v.string()), channel: Channel }),
  v.looseObject({ type: v.literal('StasisEnd'), channel }),
  v.looseObject({ type: v.literal('ChannelDtmfReceived'), digit: v.string(), channel }),
  v.looseObject({
    type: v.literal('PlaybackFinished'),
    playback: v.looseObject({ id: v.string(), target_uri: v.string(), state: v.string() }),
  }),
  v.looseObject({ type: v.literal('ApplicationReplaced') }),
])
export type MenuWireEvent = v.InferOutput<typeof MenuWireEvent>

export const allowedTypes = [
  'StasisStart',
  'StasisEnd',
  'ChannelDtmfReceived',
  'PlaybackFinished',
  'ApplicationReplaced',
]

/** The answer of `GET /channels`. */
export const Channels = v.array(Channel)
export type MenuChannelInfo = v.InferOutput<typeof Channel>

/** Who calls, as far as Asterisk knows; callers who withhold their number are one caller to the guard against guessing. */
export function callerOf({ caller }: MenuChannelInfo): string {
  return caller.number || 'withheld'
}
