import type { Call } from '../../../contracts/calls.ts'
import type { Cdr } from '../../../contracts/cdr.ts'
import type { CallState } from '../../../contracts/facts.ts'
import { callOf } from '../../../functions/domain/calls/call.ts'
import { ringLimitOf } from '../../../functions/domain/calls/dial-target.ts'
import { canonicalNumber, type Numbering, numbering } from '../../../functions/domain/phone-number.ts'
import { unknownLines } from '../../../functions/domain/site-lines.ts'
import type { Site } from '../../../infra/asterisk/site.ts'

/** The fields in which the last live state and the archive must agree, with numbers in the archive's form. */
export function conclusionOf(
  { dialled, result, answeredBy }: Pick<Call, 'dialled' | 'result' | 'answeredBy'>,
  by: Numbering,
) {
  return {
    dialled: canonicalNumber(dialled, by),
    result,
    answeredBy: answeredBy && canonicalNumber(answeredBy.number, by),
    endpoint: answeredBy?.endpoint,
  }
}

export function differing(where: string, expected: Record<string, unknown>, actual: Record<string, unknown>) {
  const found = Object.entries(expected).filter(([field, value]) => actual[field] !== value)
  return Object.fromEntries(found.map(([field, value]) => [`${where} ${field}`, `is ${actual[field]}, not ${value}`]))
}

/** How the site's users dial, with the phones that its PBX has. */
export function numberingOf({ extensions }: Pick<Site, 'extensions'>): Numbering {
  const numbers = new Map(extensions.map(({ endpoint, number }) => [`PJSIP/${endpoint}`, number]))
  return numbering('FR', { lines: { ...unknownLines, numbers } })
}

/** Asterisk cuts times to seconds, so that of a shorter ring no record tells whether the caller or the dial plan ended it. */
const tellingRingSeconds = 3

/** Returns what the last live states of calls say otherwise than the call log; none if they agree for every call of the log. */
export function liveFaults(live: readonly CallState[], cdrs: readonly Cdr[], by: Numbering): string[] {
  const groups = Map.groupBy(cdrs, ({ linkedid }) => linkedid)
  return [...groups.values()].flatMap((group) => {
    const archived = callOf(group, by)
    if (!archived) return []
    const last = live.findLast(({ call }) => call === archived.call)
    if (!last) return [`${archived.call}: it was never live`]
    const isUntold =
      archived.result === 'no-answer' && last.result === 'cancelled' && longestLimit(group) < tellingRingSeconds
    const expected = { state: 'ended', ...conclusionOf(archived, by), ...(isUntold && { result: 'cancelled' }) }
    const found = differing('live', expected, { ...last, ...conclusionOf(last, by) })
    return Object.entries(found).map(([what, words]) => `${archived.call} (${archived.summary}): ${what} ${words}`)
  })
}

function longestLimit(cdrs: readonly Cdr[]): number {
  return Math.max(0, ...cdrs.map(({ lastapp, lastdata }) => ringLimitOf(lastapp, lastdata) ?? 0))
}
