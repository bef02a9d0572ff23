import { CallResult } from '../../contracts/call-result.ts'
import { Direction } from '../../contracts/calls.ts'
import { matchesText } from '../extension-list.ts'
import type { ExtensionView } from '../extension-view.ts'
import { dayAfter, dayOf, startOfDay } from '../moments.ts'

/** The filters of the list of calls, as they are in the address. Empty values filter nothing. */
export interface CallFilter {
  /** Number or name of a party, as typed. */
  text: string
  result: string
  direction: string
  minDuration: string
  /** Days in the zone of the site, `2026-11-24`, both included. */
  from: string
  to: string
}

export const callResultNames = CallResult.options
export const directionNames = Direction.options
export const durationSteps = ['30', '60', '300', '900'] as const

const day = /^\d{4}-\d\d-\d\d$/

/** Returns the filters of an address. Values that the API would refuse, such as of an old link, count as empty. */
export function callFilterOf(query: URLSearchParams): CallFilter {
  const value = (name: string, isRight: (text: string) => boolean) => {
    const text = query.get(name) ?? ''
    return isRight(text) ? text : ''
  }
  return {
    text: query.get('q') ?? '',
    result: value('result', (text) => callResultNames.some((name) => name === text)),
    direction: value('direction', (text) => directionNames.some((name) => name === text)),
    minDuration: value('minDuration', (text) => /^\d{1,9}$/.test(text)),
    from: value('from', (text) => day.test(text)),
    to: value('to', (text) => day.test(text)),
  }
}

const callsPerPage = 50
/** Longest period that the API searches without being told where to begin. */
const daysByDefault = 31

/**
 * Returns the query of a search. A day begins in the site's zone. `to` includes its day, and without `from` the search goes 31 days
 * back from it. `party` is the number that the text stands for.
 */
export function callQuery(filter: CallFilter, party: string, nowMs: number): Record<string, string> {
  const { result, direction, minDuration, from, to } = filter
  const query: Record<string, string> = { limit: String(callsPerPage) }
  for (const [name, value] of Object.entries({ result, direction, minDuration, party })) {
    if (value !== '') query[name] = value
  }
  const instant = (of: string) => `${startOfDay(of).toISOString().slice(0, 19)}Z`
  if (from !== '') query['from'] = instant(from)
  // Today's calls are still being made: no end includes them all.
  if (to !== '' && to < dayOf(nowMs)) {
    query['to'] = instant(dayAfter(to, 1))
    if (from === '') query['from'] = instant(dayAfter(to, -daysByDefault))
  }
  return query
}

export type PartyOf = { party: string; matches: readonly ExtensionView[] }

/**
 * Returns the number that a typed text stands for. The API searches numbers only, so a name is looked up among the extensions;
 * `party` is empty if none or several have it.
 */
export function partyOf(text: string, views: readonly ExtensionView[]): PartyOf {
  const typed = text.trim()
  if (typed === '') return { party: '', matches: [] }
  if (!/\p{L}/u.test(typed)) return { party: typed, matches: [] }
  const matches = views.filter((view) => matchesText(view, typed))
  return { party: matches.length === 1 ? (matches[0]?.extension ?? '') : '', matches }
}
