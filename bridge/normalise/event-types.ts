/** Event types of Asterisk 22 (`rest-api/api-docs/events.json`) that the bridge does not use. Other unknown types are from a later Asterisk. */
export const unusedTypes: ReadonlySet<string> = new Set([
  'ApplicationMoveFailed',
  'ApplicationRegistered',
  'ApplicationUnregistered',
  'BridgeCreated',
  'BridgeDestroyed',
  'BridgeVideoSourceChanged',
  'ChannelConnectedLine',
  'ChannelDialplan',
  'ChannelDtmfReceived',
  'ChannelHold',
  'ChannelLeftBridge',
  'ChannelTalkingFinished',
  'ChannelTalkingStarted',
  'ChannelToneDetected',
  'ChannelTransfer',
  'ChannelUnhold',
  'ChannelVarset',
  'ContactInfo',
  'EndpointStateChange',
  'Peer',
  'PlaybackContinuing',
  'PlaybackFinished',
  'PlaybackStarted',
  'RecordingFailed',
  'RecordingFinished',
  'RecordingStarted',
  'RESTResponse',
  'StasisEnd',
  'StasisStart',
  'TextMessageReceived',
])

/**
 * Frequent event types that never change presence or a call. The bridge asks Asterisk not to send them. DTMF and playback
 * events show what callers typed into voice menus, so they must not leave the PBX.
 */
export const filteredTypes = [
  'ChannelVarset',
  'ChannelDialplan',
  'ChannelConnectedLine',
  'ChannelDtmfReceived',
  'PlaybackStarted',
  'PlaybackContinuing',
  'PlaybackFinished',
] as const
