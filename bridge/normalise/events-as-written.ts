import { idLengthMax, textLengthMax } from './ari-objects.ts'
import type { AriEvent } from './events.ts'

/**
 * Events as Asterisk 22 writes them, with every field the bridge reads, told by hand: the schemas would leave them as they
 * are, and take more time than to parse them. Of whatever is told otherwise, only the schemas can say what it is.
 */

type Check = (value: unknown) => boolean
type Fields = Record<string, unknown>

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null
const isText: Check = (value) => typeof value === 'string' && value.length <= textLengthMax
const isId: Check = (value) => typeof value === 'string' && value !== '' && value.length <= idLengthMax
const isAbsentOr =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const isAbsentOrNumber = isAbsentOr((value) => typeof value === 'number')
const isAbsentOrText = isAbsentOr(isText)

const isCaller: Check = (of) => isObject(of) && isText(of['name']) && isText(of['number'])
const isDialplan: Check = (of) =>
  isObject(of) &&
  isText(of['context']) &&
  isText(of['exten']) &&
  isText(of['app_name']) &&
  typeof of['app_data'] === 'string'
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
  isId(of['id']) &&
  isText(of['bridge_type']) &&
  isText(of['creationtime']) &&
  Array.isArray(of['channels']) &&
  of['channels'].length <= channelIdsMax &&
  of['channels'].every(isId)
const isDeviceState: Check = (of) => isObject(of) && isId(of['name']) && isText(of['state'])

const ofChannel = (event: Fields) => isChannel(event['channel'])
const ended = (event: Fields) =>
  isChannel(event['channel']) && isAbsentOrNumber(event['cause']) && isAbsentOrNumber(event['tech_cause'])
const checks: ReadonlyMap<unknown, (event: Fields) => boolean> = new Map([
  ['ChannelCreated', ofChannel],
  ['ChannelStateChange', ofChannel],
  ['ChannelHangupRequest', ended],
  ['ChannelDestroyed', ended],
  [
    'Dial',
    (event: Fields) => isChannel(event['peer']) && isAbsentOrChannel(event['caller']) && isText(event['dialstatus']),
  ],
  ['ChannelEnteredBridge', (event: Fields) => isChannel(event['channel']) && isBridge(event['bridge'])],
  ['DeviceStateChanged', (event: Fields) => isDeviceState(event['device_state'])],
])

export function isEventAsWritten(json: unknown): json is AriEvent {
  return isObject(json) && isAbsentOrText(json['timestamp']) && (checks.get(json['type'])?.(json) ?? false)
}
