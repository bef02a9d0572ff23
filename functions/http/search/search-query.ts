import { CallResult } from '../../../contracts/call-result.ts'
import type { CallQuery } from '../../../contracts/routes/calls.ts'
import { folded } from '../../domain/calls/caller-name.ts'
import type { Search } from '../../domain/calls/search.ts'
import { wholeSeconds } from '../../domain/filing.ts'
import { canonicalDialled, canonicalPrefixes, type Numbering, prefixDigitsMin } from '../../domain/phone-number.ts'
import { momentOf } from '../moment.ts'
import { badFields, type FieldError } from '../problem.ts'

/** Bounds a search to five years. Each month is one query, so a page takes at most 61 queries, for a nearly empty site. */
const periodDaysMax = 5 * 366
const periodDaysDefault = 31
const dayMs = 86_400_000

/** Returns the search with canonical numbers. @throws HttpProblemError 400 with every wrong field */
export function parseSearch(query: CallQuery, numbering: Numbering, now: number): Search {
  const errors: FieldError[] = []
  const period = parsePeriod(query, now, errors)
  const party = parseParty(query, numbering, errors)
  if (errors.length > 0) throw badFields(errors)
  const { disposition, direction, minDuration, accountcode, name, order } = query
  const results = resultsOf(query.result)
  return {
    ...period,
    newestFirst: order !== 'oldest',
    ...(party && { party }),
    ...(disposition !== undefined && { disposition }),
    ...(results !== undefined && { results }),
    ...(direction !== undefined && { direction }),
    ...(minDuration !== undefined && { minDuration }),
    ...(accountcode !== undefined && { accountcode }),
    ...(name !== undefined && { name: folded(name) }),
  }
}

/** The results of a list with commas, each once and in one order, so that equal searches are equal. */
function resultsOf(list: string | undefined): CallResult[] | undefined {
  const named = list?.split(',')
  return named && CallResult.options.filter((result) => named.includes(result))
}

export function parsePeriod(
  query: { from?: string | undefined; to?: string | undefined },
  now: number,
  errors: FieldError[],
): { from: string; to: string } {
  const to = query.to === undefined ? now : momentOf('to', query.to, now, errors)
  const from = query.from === undefined ? to - periodDaysDefault * dayMs : momentOf('from', query.from, now, errors)
  const days = (to - from) / dayMs
  if (days < 0) errors.push({ field: 'from', message: '`from` must not be later than `to`.' })
  if (days > periodDaysMax)
    errors.push({ field: 'from', message: `Too early: at most ${periodDaysMax} days before \`to\`.` })
  if (errors.length > 0) return { from: '', to: '' }
  return { from: wholeSeconds(from), to: wholeSeconds(to) }
}

const partySides = { caller: ['caller'], called: ['called'], party: ['caller', 'called'] } as const

function parseParty(query: CallQuery, numbering: Numbering, errors: FieldError[]): Search['party'] {
  const given = (['caller', 'called', 'party'] as const).filter((field) => query[field] !== undefined)
  const [field, second] = given
  if (field === undefined) return undefined
  if (second !== undefined) {
    errors.push({ field: second, message: `Only one of ${given.join(', ')} at a time.` })
    return undefined
  }
  const text = query[field] ?? ''
  const sides = [...partySides[field]]
  if (!text.endsWith('*') || text === '*') return { sides, exact: canonicalDialled(text, numbering) }
  const digits = text.slice(0, -1)
  if ((digits.match(/\d/g) ?? []).length < prefixDigitsMin) {
    errors.push({ field, message: `Too short: at least ${prefixDigitsMin} digits before *. Example: 0123*.` })
    return undefined
  }
  return { sides, prefixes: canonicalPrefixes(digits, numbering) }
}
