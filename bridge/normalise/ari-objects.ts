import * as v from 'valibot'

/**
 * The objects that ARI's events and REST answers have in common, with only the fields the bridge reads; the rest is kept
 * and ignored. Source: Asterisk 22's `rest-api/api-docs`. Every text is bounded, so that nothing later has to be.
 */
export const textLengthMax = 1000
export const idLengthMax = 200
export const text = v.pipe(v.string(), v.maxLength(textLengthMax))
export const id = v.pipe(v.string(), v.minLength(1), v.maxLength(idLengthMax))

const CallerId = v.looseObject({ name: text, number: text })

export const Channel = v.looseObject({
  id,
  name: id,
  state: text,
  caller: v.optional(CallerId, { name: '', number: '' }),
  dialplan: v.optional(
    v.looseObject({ context: text, exten: text, app_name: v.optional(text, ''), app_data: v.optional(v.string()) }),
    {
      context: '',
      exten: '',
    },
  ),
  creationtime: v.optional(text, ''),
})
export type Channel = v.InferOutput<typeof Channel>

export const Bridge = v.looseObject({
  id,
  bridge_type: v.optional(text, ''),
  /** 10,000 channels in one bridge is far over what Asterisk mixes. */
  channels: v.pipe(v.array(id), v.maxLength(10_000)),
  creationtime: v.optional(text, ''),
})
export type Bridge = v.InferOutput<typeof Bridge>

export const Endpoint = v.looseObject({ technology: id, resource: id, state: v.optional(text, 'unknown') })
export type Endpoint = v.InferOutput<typeof Endpoint>

export const DeviceState = v.looseObject({ name: id, state: text })
export type DeviceState = v.InferOutput<typeof DeviceState>

/** What REST told of the whole PBX at one time. `linkedids` by channel id, where Asterisk told them. */
export interface Snapshot {
  endpoints: Endpoint[]
  deviceStates: DeviceState[]
  channels: Channel[]
  bridges: Bridge[]
  linkedids: ReadonlyMap<string, string>
}

/** `PJSIP/5860` of `PJSIP/5860-0000001f`; a `Local` channel stands for no device. */
export function endpointOf(channelName: string): string | undefined {
  if (isLocal(channelName)) return undefined
  return channelName.replace(/-[0-9a-f]{4,16}$/, '')
}

export function isLocal(channelName: string): boolean {
  return channelName.startsWith('Local/')
}

/** Of a channel by which the bridge itself asks the dial plan something: no call of anybody's. */
export function isOwnQuestion({ name }: Pick<Channel, 'name'>): boolean {
  return /^Local\/(set|lire|fin)@renvoi-api-/.test(name)
}

/** Asterisk's own way where its clock is UTC, which needs only its end changed. */
const utcTime = /^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d{3}\+0000$/
/** The events of one moment follow each other; the last time is kept, read. */
let lastRead = { text: '', time: '' }

/** ARI writes `2026-11-23T19:03:10.079+0000`; ours is RFC 3339 in UTC. A time that cannot be read is `fallback`. */
export function utc(ariTime: string | undefined, fallback: string): string {
  if (ariTime === undefined) return fallback
  if (ariTime !== lastRead.text) lastRead = { text: ariTime, time: readTime(ariTime) }
  return lastRead.time || fallback
}

function readTime(ariTime: string): string {
  const isUtc = utcTime.test(ariTime)
  const time = Date.parse(isUtc ? `${ariTime.slice(0, 23)}Z` : ariTime.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
  if (Number.isNaN(time)) return ''
  return isUtc ? `${ariTime.slice(0, 23)}Z` : new Date(time).toISOString()
}
