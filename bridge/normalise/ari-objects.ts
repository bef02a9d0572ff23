import * as v from 'valibot'
import { BoundedText, isShort } from '../../contracts/text.ts'
import { isWellFormed } from './repair.ts'

/**
 * Objects in ARI's events and REST answers, with the fields that the bridge reads; others are kept and ignored. Source:
 * Asterisk 22's `rest-api/api-docs`. Every string has a maximum length, so later code needs no limits of its own. What does not fit is
 * repaired (repair.ts): a `text` is cut, another field gets its default, and an object without one of its required fields is left out.
 */
export const text = v.pipe(BoundedText, v.check(isWellFormed))
/** A name cut short would be another name, so one that is too long is wrong. */
export const id = v.pipe(v.string(), v.minLength(1), v.check(isUsableId))

const lineBreak = /[\n\r\u2028\u2029]/

/** Returns whether a name can be the id of an endpoint or a call in a fact. */
export function isUsableId(name: string): boolean {
  return name !== '' && isShort(name) && name.isWellFormed() && !lineBreak.test(name)
}
/** Codes of Q.850 have up to three digits, those of SIP three. */
const causeMax = 9_999
export const causeCode = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(causeMax))
export const isCauseCode = (code: number): boolean => Number.isInteger(code) && code >= 0 && code <= causeMax

const CallerId = v.looseObject({ name: v.optional(text, ''), number: v.optional(text, '') })
const noCaller = { name: '', number: '' }
const noDialplan = { context: '', exten: '', app_name: '' }

export const Channel = v.looseObject({
  id,
  /** Empty if Asterisk's is not usable. */
  name: v.optional(
    v.pipe(
      v.string(),
      v.check((name) => name === '' || isUsableId(name)),
    ),
    '',
  ),
  state: v.optional(text, ''),
  caller: v.optional(CallerId, noCaller),
  dialplan: v.optional(
    v.looseObject({ context: v.optional(text, ''), exten: v.optional(text, ''), app_name: v.optional(text, '') }),
    noDialplan,
  ),
  creationtime: v.optional(text, ''),
})
export type Channel = v.InferOutput<typeof Channel>

/** Far more channels than Asterisk can mix in one bridge. */
const bridgeChannelsMax = 10_000
export const Bridge = v.looseObject({
  bridge_type: v.optional(text, ''),
  channels: v.optional(v.pipe(v.array(id), v.maxLength(bridgeChannelsMax)), []),
  creationtime: v.optional(text, ''),
  /** The application that made it, such as `ConfBridge`, and its name, there the conference's number. */
  creator: v.optional(text),
  name: v.optional(text),
})
export type Bridge = v.InferOutput<typeof Bridge>

export const Endpoint = v.pipe(
  v.looseObject({ technology: id, resource: id, state: v.optional(text, 'unknown') }),
  v.check(({ technology, resource }) => !technology.includes('/') && isUsableId(`${technology}/${resource}`)),
)
export type Endpoint = v.InferOutput<typeof Endpoint>

export const DeviceState = v.looseObject({ name: id, state: text })
export type DeviceState = v.InferOutput<typeof DeviceState>

/** What the PBX's configuration says about an endpoint. */
export interface PhoneEntry {
  endpoint: string
  number: string | undefined
  name: string | undefined
  /** No extension belongs to the endpoint, and whoever calls from it need not log in. */
  isTrunk?: boolean
}

/** The state of the whole PBX, read over REST. `linkedids` has the linkedid of each channel id for which Asterisk gave one. */
export interface Snapshot {
  endpoints: Endpoint[]
  deviceStates: DeviceState[]
  channels: Channel[]
  bridges: Bridge[]
  linkedids: ReadonlyMap<string, string>
  /** What the configuration says of the phones, if it was asked. */
  entries?: readonly PhoneEntry[]
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

/** ISO 8601 as Asterisk writes it in any time zone. Dates of other forms would be read as the local time of this machine. */
const ariTimePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)$/
const yearsOfFourDigits = /^\d{4}-/

function readTime(ariTime: string): string {
  if (!ariTimePattern.test(ariTime)) return ''
  const time = Date.parse(ariTime.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
  if (Number.isNaN(time)) return ''
  if (utcTime.test(ariTime)) return `${ariTime.slice(0, 23)}Z`
  const utcText = new Date(time).toISOString()
  return yearsOfFourDigits.test(utcText) ? utcText : ''
}
