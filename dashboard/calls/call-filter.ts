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

/** What the list is filtered by, as people say it: each a list of results for the search. */
export const resultChoices = {
  answered: 'answered',
  voicemail: 'voicemail',
  'no-answer': 'no-answer',
  cancelled: 'cancelled',
  missed: 'no-answer,cancelled',
  busy: 'busy',
  refused: 'refused',
  failed: 'failed,unreachable,expired,unknown',
} as const satisfies Record<string, string>
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
    result: value('result', (text) =>
      text.split(',').every((word) => CallResult.options.some((name) => name === word)),
    ),
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
 * back from it. `party` and `name` are what the text stands for.
 */
export function callQuery(
  filter: CallFilter,
  { party, name }: Pick<PartyOf, 'party' | 'name'>,
  nowMs: number,
): Record<string, string> {
  const { result, direction, minDuration, from, to } = filter
  const query: Record<string, string> = { limit: String(callsPerPage) }
  for (const [parameter, value] of Object.entries({ result, direction, minDuration, party, name })) {
    if (value !== '') query[parameter] = value
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

export interface PartyOf {
  party: string
  /** Part of a caller's name. */
  name: string
  matches: readonly ExtensionView[]
}

/** The API takes no shorter one. */
const nameLengthMin = 2

/**
 * Returns what a typed text stands for: a number, the one extension that has this name, or part of a caller's name. Both are
 * empty for a name that is too short, or that the reader may not search for.
 */
export function partyOf(text: string, views: readonly ExtensionView[], maySearchNames: boolean): PartyOf {
  const typed = text.trim()
  if (!/\p{L}/u.test(typed)) return { party: typed, name: '', matches: [] }
  const matches = views.filter((view) => matchesText(view, typed))
  if (matches.length === 1) return { party: matches[0]?.extension ?? '', name: '', matches }
  return { party: '', name: maySearchNames && typed.length >= nameLengthMin ? typed : '', matches }
}
