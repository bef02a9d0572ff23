import { unreadTypes } from './known-types.ts'

/**
 * Events that never change presence or a call's story. Asterisk is asked not to send them; the first ones after a connect
 * may come all the same, and are dropped by their bytes, before they are parsed. DTMF and playback events hold what
 * callers typed into voice menus, which is nobody's business.
 */
export const noiseTypes = [
  'ChannelVarset',
  'ChannelDialplan',
  'ChannelConnectedLine',
  'ChannelCallerId',
  'ChannelDtmfReceived',
  'PlaybackStarted',
  'PlaybackContinuing',
  'PlaybackFinished',
] as const

/** As Asterisk writes it. Within a text its quotes would be escaped, so where these bytes stand there is a key. */
const marker = Buffer.from('"type":"')
const quote = 0x22
/** A longer name is that of no noise. */
const nameBytesMax = 60

/** Whether the first type that stands in a frame is one without use; `false` where that cannot be told without parsing it. */
export function isNoise(frame: Buffer): boolean {
  const at = frame.indexOf(marker)
  if (at < 0) return false
  const from = at + marker.length
  const end = frame.indexOf(quote, from)
  return end > from && end - from <= nameBytesMax && unreadTypes.has(frame.toString('latin1', from, end))
}
