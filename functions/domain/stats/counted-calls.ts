import type { Cdr } from '../../../contracts/cdr.ts'
import { callOf, extensionsOf } from '../calls/call.ts'
import { readLeg, trunkOf } from '../calls/leg.ts'
import type { Numbering } from '../phone-number.ts'
import type { CountedCall } from './hour-total.ts'

/**
 * The calls of CDRs that are filed in one hour, each with its lines: the extensions that take part, by number, and the
 * trunks it went over. A call counts once for each of its lines, with the outcome of the whole call.
 */
export function countedCalls(cdrs: readonly Cdr[], numbering: Numbering): CountedCall[] {
  return [...Map.groupBy(cdrs, ({ linkedid }) => linkedid).values()].map((legs) => {
    const call = callOf(legs, numbering)
    const trunks = legs.map((cdr) => trunkOf(readLeg(cdr, numbering))).filter((trunk) => trunk !== undefined)
    const lines = [...extensionsOf(call).map((number) => `ext:${number}`), ...trunks.map((trunk) => `trunk:${trunk}`)]
    return { call, lines: [...new Set(lines)] }
  })
}
