import * as v from 'valibot'

/**
 * Objects in ARI's events and REST answers, with the fields that the bridge reads; others are kept and ignored. Source:
 * Asterisk 22's `rest-api/api-docs`. Every string has a maximum length, so later code needs no limits of its own.
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
  /** Far more channels than Asterisk can mix in one bridge. */
  channels: v.pipe(v.array(id), v.maxLength(10_000)),
  creationtime: v.optional(text, ''),
  /** The application that made it, such as `ConfBridge`, and its name, there the conference's number. */
  creator: v.optional(v.string()),
  name: v.optional(v.string()),
})
export type Bridge = v.InferOutput<typeof Bridge>

export const Endpoint = v.looseObject({ technology: id, resource: id, state: v.optional(text, 'unknown') })
export type Endpoint = v.InferOutput<typeof Endpoint>

export const DeviceState = v.looseObject({ name: id, state: text })
export type DeviceState = v.InferOutput<typeof DeviceState>

/** The state of the whole PBX, read over REST. `linkedids` has the linkedid of each channel id for which Asterisk gave one. */
export interface Snapshot {
  endpoints: Endpoint[]
  deviceStates: DeviceState[]
  channels: Channel[]
  bridges: Bridge[]
  linkedids: ReadonlyMap<string, string>
}

export function isLocal(channelName: string): boolean {
  return channelName.startsWith('Local/')
}

/** The format of Asterisk when its time zone is UTC: only the end must be replaced. */
const utcTime = /^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d{3}\+0000$/
/** Consecutive events often have the same timestamp, so the last parsed one is kept. */
let lastRead = { text: '', time: '' }

/** Converts ARI's `2026-11-23T19:03:10.079+0000` to RFC 3339 in UTC. Returns `fallback` for an invalid time. */
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
