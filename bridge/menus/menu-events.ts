import * as v from 'valibot'

const Channel = v.looseObject({
  id: v.string(),
  caller: v.looseObject({ number: v.string() }),
  dialplan: v.looseObject({ app_name: v.string(), app_data: v.string() }),
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

export const allowedTypes = [
  'StasisStart',
  'StasisEnd',
  'ChannelDtmfReceived',
  'PlaybackFinished',
  'ApplicationReplaced',
]

/** Response body of `GET /channels`. */
export const Channels = v.array(Channel)
export type MenuChannelInfo = v.InferOutput<typeof Channel>

/** Returns the caller's number. All callers with a withheld number count as one caller for the lookup's lock-out. */
export function callerOf({ caller }: MenuChannelInfo): string {
  return caller.number || 'withheld'
}
