import type { Cdr } from '../../../contracts/cdr.ts'
import { isExtensionNumber } from '../../../contracts/numbers/number-spelling.ts'
import { callOfLegs } from '../calls/call.ts'
import { readLegs } from '../calls/leg.ts'
import type { PlacedFacts } from '../calls/placed.ts'
import type { Numbering } from '../phone-number.ts'
import type { CountedCall } from './hour-total.ts'

/**
 * The calls of CDRs that are filed in one hour, each with its lines: the extensions that take part (the caller, what was
 * dialled, the phones that rang) and the trunk. A call counts once for each of its lines, with the outcome of the whole
 * call. Records of Asterisk's own machinery make no call. `placed` has the rows of calls by API, by linkedid.
 */
export function countedCalls(
  cdrs: readonly Cdr[],
  numbering: Numbering,
  placed: ReadonlyMap<string, PlacedFacts>,
): CountedCall[] {
  return [...Map.groupBy(cdrs, ({ linkedid }) => linkedid)].flatMap(([linkedid, rows]) => {
    const legs = readLegs(rows, numbering)
    const call = callOfLegs(legs, numbering, rows.length, placed.get(linkedid))
    if (!call) return []
    const called = legs.flatMap((leg) => (leg.isHelper ? [] : [leg.called]))
    const rang = (call.rang ?? []).map(({ number }) => number)
    const extensions = [call.caller.number, ...called, ...rang].filter(isExtensionNumber)
    const lines = [
      ...extensions.map((number) => `ext:${number}`),
      ...(call.trunk === undefined ? [] : [`trunk:${call.trunk}`]),
    ]
    return [{ call, lines: [...new Set(lines)] }]
  })
}
