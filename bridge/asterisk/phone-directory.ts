import * as v from 'valibot'
import { extensionInName } from '../../contracts/channel-name.ts'
import { cutText } from '../../contracts/text.ts'
import { DeviceState, type PhoneEntry } from '../normalise/ari-objects.ts'
import { repair } from '../normalise/repair.ts'
import type { AriRequests } from './ari-connection.ts'
import { AriRefusedError } from './ari-errors.ts'

const Attributes = v.array(v.looseObject({ attribute: v.string(), value: v.optional(v.string(), '') }))
/** `"Phone 60" <60>` as in pjsip.conf; a trunk has `<unknown>`. */
const callerid = /^(?:"([^"]*)"|([^<"]*?))\s*<([^<>]*)>$/

/**
 * Returns what the configuration of one PJSIP endpoint says, as far as Asterisk gives it. An endpoint without a number, in its caller
 * ID or its name, is a trunk if it has no `auth`: providers are known by their address, phones by their password. Undefined if Asterisk
 * refuses or answers oddly, which says nothing about the endpoint.
 */
export async function readPhoneEntry(
  endpoint: string,
  requests: Pick<AriRequests, 'get'>,
  signal: AbortSignal,
): Promise<PhoneEntry | undefined> {
  const resource = endpoint.slice(endpoint.indexOf('/') + 1)
  const settings = await readObject(resource, requests, signal)
  if (!settings) return undefined
  const [, quoted, plain, number] = callerid.exec(settings.get('callerid') ?? '') ?? []
  const own = number && /^\d{1,20}$/.test(number) ? number : undefined
  const belongsToPhone = own !== undefined || extensionInName(endpoint) !== undefined
  return {
    endpoint,
    number: own,
    name: cutText(quoted || plain || '') || undefined,
    isTrunk: settings.size > 0 && !belongsToPhone && !settings.get('auth'),
  }
}

/** Returns the state of one device, including custom ones; `undefined` if Asterisk refuses. */
export async function readDeviceState(
  device: string,
  requests: Pick<AriRequests, 'get'>,
  signal: AbortSignal,
): Promise<DeviceState | undefined> {
  try {
    const read = repair(DeviceState, await requests.get(`/deviceStates/${encodeURIComponent(device)}`, signal))
    return read.kind === 'value' ? read.value : undefined
  } catch (error) {
    if (error instanceof AriRefusedError) return undefined
    throw error
  }
}

async function readObject(
  id: string,
  requests: Pick<AriRequests, 'get'>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    const path = `/asterisk/config/dynamic/res_pjsip/endpoint/${encodeURIComponent(id)}`
    const read = repair(Attributes, await requests.get(path, signal))
    if (read.kind === 'unusable') return undefined
    return new Map(read.value.map(({ attribute, value }) => [attribute, value]))
  } catch (error) {
    if (!(error instanceof AriRefusedError)) throw error
    // 404: the configuration has no such endpoint.
    return error.status === 404 ? new Map() : undefined
  }
}
