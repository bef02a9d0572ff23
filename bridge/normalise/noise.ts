/**
 * Events that never change presence or a call's story. Asterisk is asked not to send them; the first ones after a connect
 * may come all the same, and are dropped by their first bytes, before they are parsed. DTMF and playback events hold what
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

const isNoiseType: ReadonlySet<string> = new Set(noiseTypes)
/** Asterisk writes `type` first; a frame where it does not is parsed, and its type looked at then. */
const typeFirst = /^\{\s*"type"\s*:\s*"(\w{1,60})"/

export function isNoise(frame: string): boolean {
  const type = typeFirst.exec(frame)?.[1]
  return type !== undefined && isNoiseType.has(type)
}
