import * as v from 'valibot'

/**
 * The objects that ARI's events and REST answers have in common, with only the fields the bridge reads; the rest is kept
 * and ignored. Source: Asterisk 22's `rest-api/api-docs`. Every text is bounded, so that nothing later has to be.
 */
export const text = v.pipe(v.string(), v.maxLength(1000))
export const id = v.pipe(v.string(), v.minLength(1), v.maxLength(200))

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

/** ARI writes `2026-11-23T19:03:10.079+0000`; ours is RFC 3339 in UTC. A time that cannot be read is `fallback`. */
export function utc(ariTime: string | undefined, fallback: string): string {
  const time = Date.parse((ariTime ?? '').replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
  return Number.isNaN(time) ? fallback : new Date(time).toISOString()
}
