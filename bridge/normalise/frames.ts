import { textCodePointsMax } from '../../contracts/limits.ts'
import { isCauseCode, isUsableId } from './ari-objects.ts'
import { unusedTypes } from './event-types.ts'
import { type AriEvent, eventSchemas } from './events.ts'
import { repair } from './repair.ts'

export type Frame =
  /** `repaired`: the type and the fields that were cut or left out, such as `Dial: peer.caller.name`. */
  | { kind: 'event'; event: AriEvent; repaired?: string }
  /** A type that the bridge does not use. */
  | { kind: 'ignored' }
  /** A type of a later Asterisk than this bridge knows. */
  | { kind: 'unknown'; type: string }
  /** Not an event as Asterisk writes it; the bytes belong in the quarantine. */
  | { kind: 'malformed'; reason: string }

const typeLengthMax = 100

/** Reads one frame of the event socket. */
export function readFrame(bytes: Buffer): Frame {
  // Without Asterisk's event filter most frames are of unused types: they are not decoded.
  if (isUnused(bytes)) return { kind: 'ignored' }
  let json: unknown
  try {
    json = JSON.parse(bytes.toString('utf8'))
  } catch {
    return { kind: 'malformed', reason: 'not JSON' }
  }
  if (isAsWritten(json)) return { kind: 'event', event: json }
  const type = typeof json === 'object' && json !== null && 'type' in json ? json.type : undefined
  if (typeof type !== 'string' || type === '' || type.length > typeLengthMax) {
    return { kind: 'malformed', reason: 'no type' }
  }
  const schema = eventSchemas.get(type)
  if (!schema) return unusedTypes.has(type) ? { kind: 'ignored' } : { kind: 'unknown', type }
  const hasCaller = hasField(json, 'caller')
  const read = repair(schema, json)
  if (read.kind === 'unusable') return { kind: 'malformed', reason: `${type}: ${read.reason}` }
  const event = read.value
  const repaired = `${type}: ${read.fields.join(' ')}`
  // Without its caller the event would say that Asterisk itself dialled.
  if (event.type === 'Dial' && hasCaller && !event.caller) return { kind: 'malformed', reason: repaired }
  return { kind: 'event', event, ...(read.fields.length > 0 && { repaired }) }
}

function hasField(json: unknown, name: string): boolean {
  return isObject(json) && json[name] !== undefined
}

/** As Asterisk writes it. Inside a JSON string the quotes would be escaped, so these bytes are always a key. */
const typeKey = Buffer.from('"type":"')
const quote = 0x22
/** Longer than the name of any unused type. */
const nameBytesMax = 60

/** Returns whether the first `type` in the bytes of a frame is an unused one; `false` if only parsing can tell. */
export function isUnused(frame: Buffer): boolean {
  const at = frame.indexOf(typeKey)
  if (at < 0) return false
  const from = at + typeKey.length
  const end = frame.indexOf(quote, from)
  return end > from && end - from <= nameBytesMax && unusedTypes.has(frame.toString('latin1', from, end))
}

/*
 * Hand-written checks of the frequent events, with every field that Asterisk 22 writes and the bridge reads. The schemas
 * would accept the same values unchanged, but take longer than the JSON parser. Any other event goes to the schemas.
 */

type Check = (value: unknown) => boolean
type Fields = Record<string, unknown>

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null
/** Longer in UTF-16 units than this, a text may still be within the bound: the schemas count its code points. */
const isText: Check = (value) => typeof value === 'string' && value.length <= textCodePointsMax && value.isWellFormed()
const isId: Check = (value) => typeof value === 'string' && isUsableId(value)
const isAbsentOr =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const isAbsentOrCause = isAbsentOr((value) => typeof value === 'number' && isCauseCode(value))
const isAbsentOrString = isAbsentOr((value) => typeof value === 'string')
const isAbsentOrText = isAbsentOr(isText)

const isCaller: Check = (of) => isObject(of) && isText(of['name']) && isText(of['number'])
const isDialplan: Check = (of) => isObject(of) && isText(of['context']) && isText(of['exten']) && isText(of['app_name'])
const isChannel: Check = (of) =>
  isObject(of) &&
  isId(of['id']) &&
  isId(of['name']) &&
  isText(of['state']) &&
  isText(of['creationtime']) &&
  isCaller(of['caller']) &&
  isDialplan(of['dialplan'])
const isAbsentOrChannel = isAbsentOr(isChannel)
const channelIdsMax = 100
const isBridge: Check = (of) =>
  isObject(of) &&
  isText(of['bridge_type']) &&
  isText(of['creationtime']) &&
  isAbsentOrText(of['creator']) &&
  isAbsentOrText(of['name']) &&
  Array.isArray(of['channels']) &&
  of['channels'].length <= channelIdsMax &&
  of['channels'].every(isId)
const isDeviceState: Check = (of) => isObject(of) && isId(of['name']) && isText(of['state'])

const hasChannel = (event: Fields) => isChannel(event['channel'])
const isEnd = (event: Fields) =>
  isChannel(event['channel']) && isAbsentOrCause(event['cause']) && isAbsentOrCause(event['tech_cause'])
const checks: ReadonlyMap<unknown, (event: Fields) => boolean> = new Map([
  ['ChannelCreated', hasChannel],
  ['ChannelStateChange', hasChannel],
  ['ChannelCallerId', hasChannel],
  ['ChannelHangupRequest', isEnd],
  ['ChannelDestroyed', isEnd],
  [
    'Dial',
    (event: Fields) =>
      isChannel(event['peer']) &&
      isAbsentOrChannel(event['caller']) &&
      isText(event['dialstatus']) &&
      isAbsentOrString(event['dialstring']),
  ],
  ['ChannelEnteredBridge', (event: Fields) => isChannel(event['channel']) && isBridge(event['bridge'])],
  ['DeviceStateChanged', (event: Fields) => isDeviceState(event['device_state'])],
])

/** Returns whether a parsed frame is an event that the schemas would accept unchanged; `false` if only the schemas can tell. */
export function isAsWritten(json: unknown): json is AriEvent {
  return isObject(json) && isAbsentOrText(json['timestamp']) && (checks.get(json['type'])?.(json) ?? false)
}
