/**
 * Names of Asterisk channels, read the same way by the bridge (live) and by the functions (CDRs).
 * Sources: `ast_channel_get_device_name` in Asterisk's main/channel.c (the device is the name up to its last hyphen) and
 * the `ast_channel_alloc` call of each channel driver.
 */
export type ChannelName =
  /** A channel of a device: a phone or a trunk. `endpoint` equals the name in `DeviceStateChanged`. */
  | { kind: 'device'; technology: string; endpoint: string; line: string }
  /** One half of a Local channel. Half 1 faces the channel that dialled it, half 2 runs the dial plan at `exten`. */
  | { kind: 'local'; exten: string; context: string; pair: string; half: 1 | 2 }
  /** Asterisk's own machinery: snoop, external media, announcements, messages. Nobody's phone, and no call. */
  | { kind: 'internal'; technology: string }

/** Drivers whose channels carry no call of a person. Names as in Asterisk 11 to 22. */
const internalTechnologies = new Set(
  [
    'Announcer',
    'AudioSocket',
    'CBAnn',
    'CBRec',
    'ConfBridgeRec',
    'Message',
    'MulticastRTP',
    'NBS',
    'OutgoingSpoolFailed',
    'Recorder',
    'Snoop',
    'Surrogate',
    'TestBridge',
    'UnicastRTP',
    'WebSocket',
  ].map((name) => name.toLowerCase()),
)
/** A masquerade puts one of these before the name of the channel that it moves. */
const masquerade = /^(AsyncGoto|Bridge|Parked|Transfered)\/(?=[^/]+\/)/
/** The suffix by which a driver tells the channels of one device apart: hexadecimal or decimal, after the last hyphen. */
const instance = /-(?:0x)?[0-9a-f]+$/i
/** These drivers always write eight hexadecimal digits, so that `PJSIP/desk-12` is a whole device name. */
const longInstance = /-[0-9a-f]{8,16}$/i
const longInstanceTechnologies = new Set(['pjsip', 'sccp'])
const local = /^Local\/(.*)@([^@]*?)(?:-([0-9a-f]{4,16}))?;([12])$/i

/** Returns undefined for an empty text and for a text that is not `technology/resource`. */
export function parseChannelName(text: string): ChannelName | undefined {
  const name = text
    .trim()
    .replace(/<(ZOMBIE|MASQ)>$/, '')
    .replace(masquerade, '')
  const slash = name.indexOf('/')
  if (slash <= 0 || slash === name.length - 1) return undefined
  const technology = name.slice(0, slash)
  if (technology === 'Local') return isOwnControl(name) ? { kind: 'internal', technology } : parseLocal(name)
  if (internalTechnologies.has(technology.toLowerCase())) return { kind: 'internal', technology }
  const suffix = longInstanceTechnologies.has(technology.toLowerCase()) ? longInstance : instance
  const endpoint = name.replace(/;[12]$/, '').replace(suffix, '')
  return { kind: 'device', technology, endpoint, line: lineOf(technology, endpoint) }
}

/** Whether the bridge made this channel to ask or tell the dial plan something (forwarding): it is no call. */
export function isOwnControl(name: string): boolean {
  return /^Local\/[^@]*@renvoi-(api|dire)-/.test(name)
}

/** `Local/1003@from-queue-00000007;1`; the two halves of a pair differ in their last digit alone. */
function parseLocal(name: string): ChannelName {
  const [, exten = '', context = '', , half] = local.exec(name) ?? []
  const pair = name.replace(/;[12]$/, '')
  return { kind: 'local', exten: exten || pair.slice('Local/'.length), context, pair, half: half === '2' ? 2 : 1 }
}

/** An ISDN channel of DAHDI has the far number in its name; its span is the line that calls go over. */
function lineOf(technology: string, endpoint: string): string {
  const span = technology.toUpperCase() === 'DAHDI' ? /^[^/]+\/i\d+(?=\/)/.exec(endpoint)?.[0] : undefined
  return span ?? endpoint
}

/** The device of a channel, `PJSIP/5861`; undefined for Local channels and Asterisk's own machinery. */
export function endpointOfChannel(text: string): string | undefined {
  const name = parseChannelName(text)
  return name?.kind === 'device' ? name.endpoint : undefined
}

/** Returns the extension in the name of a phone: 1001 for `PJSIP/1001`, `SIP/1001-web` and `PJSIP/T1_1001`. */
export function extensionInName(endpoint: string): string | undefined {
  const resource = endpoint.slice(endpoint.indexOf('/') + 1)
  return /^(?:T\d+_)?(\d{2,6})(?:[-_][A-Za-z]\w*)?$/.exec(resource)?.[1]
}
