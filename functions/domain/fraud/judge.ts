import { createHash } from 'node:crypto'
import type { FraudReason, FraudSettings } from '../../../contracts/fraud.ts'
import type { Numbering } from '../phone-number.ts'
import { readRanges } from '../site-lines.ts'
import { type Destination, destinationOf, pricePerMinute } from './destination.ts'
import { openingAt } from './hours.ts'
import {
  bounded,
  daySeconds,
  type FraudState,
  isKnown,
  quietSeconds,
  type SeenCall,
  withKnown,
  withoutNew,
} from './state.ts'
import { suspicionOf } from './suspicion.ts'
import { weigh } from './weight.ts'

/** A call of a site to the outside, as a live fact or a call record shows it. Times are Unix seconds. */
export interface OutsideCall {
  /** Asterisk's linkedid. */
  call: string
  /** The extension that called, or whose call was forwarded. */
  extension: string
  /** As it was dialled. */
  dialled: string
  isForwarded: boolean
  start: number
  answer?: number | undefined
  end?: number | undefined
}

export interface Suspicion {
  extension: string
  reasons: FraudReason[]
  /** The call that made it, and its destination. */
  call: string
  number: string
  countries: string[]
  /** Calls that count. */
  calls: number
  /** Estimated cost of the extension's calls of the last day. */
  cost: number
  /** Unix seconds: when the newest of the calls began, or a call in progress had been too long. */
  at: number
}

export interface FraudContext {
  site: string
  numbering: Numbering
  zone: string
  settings: FraudSettings
  /** Unix seconds. */
  now: number
}

/** Calls that began this long ago teach what is normal, and raise no suspicion any more. */
const judgedSeconds = daySeconds
/** Older ones teach nothing. */
const taughtSeconds = 90 * daySeconds
const hourSeconds = 3600

/**
 * Adds what is known of a call to the state of its site. A call is weighed once, when it is first seen; later only its answer and end are
 * noted, so the same fact again changes nothing.
 */
export function judge(
  state: FraudState,
  seen: OutsideCall,
  context: FraudContext,
): { state: FraudState; suspicion?: Suspicion } {
  const { settings, numbering, now } = context
  const destination = settings.watch ? destinationOf(seen.dialled, numbering) : undefined
  if (!destination || isExempt(seen.extension, settings)) return { state }
  const isFree = isAllowed(destination, settings)
  const opening = openingAt(seen.start, context.zone, settings)
  const taught =
    opening === 'open' && now - seen.start < taughtSeconds ? withKnown(state, destination, seen.start) : state
  if (now - seen.start >= judgedSeconds) return { state: taught === state ? state : bounded(taught) }
  const number = hash(context.site, destination.number)
  const found = state.calls.find((one) => one.call === seen.call && one.number === number)
  const call = found ? withTimes(found, seen) : firstSeen(seen, destination, number, { state, context, isFree })
  if (found && call === found) return { state }
  const others = taught.calls.filter((one) => one !== found)
  const calls = [...others, call].sort((a, b) => a.start - b.start)
  return concluded({ ...taught, calls }, call, destination, context)
}

/** Judges a call in progress again at a later time: it may have become long or expensive. */
export function judgeAgain(
  state: FraudState,
  call: SeenCall,
  context: FraudContext,
): { state: FraudState; suspicion?: Suspicion } {
  return concluded(state, call, { number: '' }, context)
}

function concluded(
  state: FraudState,
  call: SeenCall,
  { number, country }: { number: string; country?: string },
  { settings, now }: FraudContext,
): { state: FraudState; suspicion?: Suspicion } {
  const { extension, start } = call
  const told = state.told[extension]
  const found = suspicionOf(state.calls, call, settings, now)
  if (!found) return { state: bounded(state) }
  const at = found.isLate ? Math.max(start, now) : start
  const clean = withoutNew(state, new Set(found.calls.map(({ key }) => key)), start)
  if (told !== undefined && Math.abs(at - told) < quietSeconds) return { state: bounded(clean) }
  const { reasons, calls, cost } = found
  const places = new Set([...calls.map(({ key }) => key), ...(country === undefined ? [] : [country])])
  const suspicion: Suspicion = {
    extension,
    reasons,
    call: call.call,
    number,
    countries: [...places]
      .flatMap((key) => /^[A-Z]{2}/.exec(key)?.[0] ?? [])
      .filter((one, n, all) => all.indexOf(one) === n),
    calls: calls.length,
    cost: Math.round(cost * 100) / 100,
    at,
  }
  return { state: bounded({ ...clean, told: { ...clean.told, [extension]: at } }), suspicion }
}

function firstSeen(
  { call, extension, dialled, isForwarded, start, answer, end }: OutsideCall,
  destination: Destination,
  number: string,
  { state, context, isFree }: { state: FraudState; context: FraudContext; isFree: boolean },
): SeenCall {
  const { settings, site, zone } = context
  const { key, risk } = destination
  const opening = openingAt(start, zone, settings)
  const before = state.calls.filter(
    (one) => one.extension === extension && one.start <= start && one.start > start - hourSeconds,
  )
  const isNew = !isKnown(state, key, start)
  const none = { weight: 0, why: [] as FraudReason[] }
  const { weight, why } = isFree ? none : weigh({ risk, isNew, opening, isForwarded, before, call: { number, start } })
  const digits = dialled.replace(/\D/g, '')
  return {
    call,
    extension,
    key,
    risk,
    number,
    raw: hash(site, digits),
    tail: hash(site, digits.slice(-9)),
    start,
    ...(answer !== undefined && { answer }),
    ...(end !== undefined && { end }),
    price: pricePerMinute(destination, settings.prices),
    weight,
    why,
    isOutOfHours: opening !== 'open',
  }
}

function withTimes(call: SeenCall, { answer, end }: OutsideCall): SeenCall {
  const next = {
    ...call,
    ...(call.answer === undefined && answer !== undefined && { answer }),
    ...(call.end === undefined && end !== undefined && { end }),
  }
  return next.answer === call.answer && next.end === call.end ? call : next
}

/** Premium numbers of an allowed country are watched. */
function isAllowed({ country, risk }: Destination, { allowedCountries }: FraudSettings): boolean {
  return country !== undefined && risk !== 'premium-abroad' && allowedCountries.includes(country)
}

function isExempt(extension: string, { exempt }: FraudSettings): boolean {
  if (!/^\d{1,6}$/.test(extension)) return false
  const value = Number(extension)
  return readRanges(exempt).some(({ first, last }) => value >= first && value <= last)
}

/** Numbers are kept as hashes of a few bytes: enough to see that two are equal, and no list of who was called. */
function hash(site: string, text: string): string {
  return createHash('sha256').update(`${site} ${text}`).digest('base64url').slice(0, 8)
}
