import * as v from 'valibot'
import { fraudReasons } from '../../../contracts/fraud.ts'
import { type Destination, risks } from './destination.ts'

/** One call to the outside, as the watch remembers it: without the number, of which it has a hash. Times are Unix seconds. */
export const SeenCall = v.object({
  /** Asterisk's linkedid. */
  call: v.string(),
  extension: v.string(),
  key: v.string(),
  risk: v.picklist(risks),
  /** Hash of the number, and of its digits as they were dialled. */
  number: v.string(),
  raw: v.string(),
  /** Hash of its last nine digits: equal for spellings of one number. */
  tail: v.string(),
  start: v.number(),
  answer: v.optional(v.number()),
  end: v.optional(v.number()),
  price: v.number(),
  weight: v.number(),
  /** How the call was when it began: what its weight was made of. */
  why: v.array(v.picklist(fraudReasons)),
  isOutOfHours: v.boolean(),
})
export type SeenCall = v.InferOutput<typeof SeenCall>

/** What the watch remembers of a site. */
export const FraudState = v.object({
  /** Days (since 1970) on which a destination was first and last called in the hours of the site. */
  known: v.record(v.string(), v.object({ first: v.number(), last: v.number() })),
  calls: v.array(SeenCall),
  /** When an extension was last suspected. */
  told: v.record(v.string(), v.number()),
})
export type FraudState = v.InferOutput<typeof FraudState>

export const emptyState: FraudState = { known: {}, calls: [], told: {} }

/** A destination that was not called for half a year is new again. */
const knownDaysMax = 180
/** Destinations of a site: 300 are 15 KB. */
const knownMax = 300
/** Calls of the last day: 300 are 75 KB. The oldest are dropped first, so a site with more of them sums up less cost. */
const callsMax = 300
export const daySeconds = 86_400
const toldMax = 200
/** One suspicion of an extension in this time. */
export const quietSeconds = 3600

/** A destination is known from the day after its first call on. */
export function isKnown({ known }: FraudState, key: string, start: number): boolean {
  const entry = known[key]
  const day = dayOf(start)
  return entry !== undefined && entry.first < day && day - entry.last <= knownDaysMax
}

export function withKnown(state: FraudState, { key }: Pick<Destination, 'key'>, start: number): FraudState {
  const day = dayOf(start)
  const entry = state.known[key]
  const isStale = entry !== undefined && day - entry.last > knownDaysMax
  if (entry && !isStale && entry.first <= day && entry.last >= day) return state
  const next =
    entry && !isStale
      ? { first: Math.min(entry.first, day), last: Math.max(entry.last, day) }
      : { first: day, last: day }
  return { ...state, known: { ...state.known, [key]: next } }
}

/** Forgets destinations that were first called on the day of a suspected attack. */
export function withoutNew(state: FraudState, keys: ReadonlySet<string>, start: number): FraudState {
  const day = dayOf(start)
  const known = Object.entries(state.known).filter(([key, { first }]) => !keys.has(key) || first < day)
  return { ...state, known: Object.fromEntries(known) }
}

/** Drops what is too old or too much at a time. */
export function bounded({ known, calls, told }: FraudState): FraudState {
  const newest = calls.reduce((latest, { start }) => Math.max(latest, start), 0)
  const recent = calls.filter(({ start }) => start > newest - daySeconds).sort((a, b) => a.start - b.start)
  const destinations = Object.entries(known).sort(([, a], [, b]) => b.last - a.last)
  const suspicions = Object.entries(told).sort(([, a], [, b]) => b - a)
  return {
    known: Object.fromEntries(destinations.slice(0, knownMax)),
    calls: recent.slice(-callsMax),
    told: Object.fromEntries(suspicions.slice(0, toldMax)),
  }
}

function dayOf(seconds: number): number {
  return Math.floor(seconds / daySeconds)
}
