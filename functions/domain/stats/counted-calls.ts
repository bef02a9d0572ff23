import type { Cdr } from '../../../contracts/cdr.ts'
import { callOf } from '../calls/call.ts'
import { readLeg, trunkOf } from '../calls/leg.ts'
import { extensionDigitsMax, type Numbering } from '../phone-number.ts'
import type { CountedCall } from './hour-total.ts'

/**
 * The calls of CDRs that are filed in one hour, each with its lines: the extensions that take part, as the caller or as
 * what one of its records was to, and the trunks it went over. A call counts once for each of its lines, with the
 * outcome of the whole call.
 */
export function countedCalls(cdrs: readonly Cdr[], numbering: Numbering): CountedCall[] {
  return [...Map.groupBy(cdrs, ({ linkedid }) => linkedid).values()].map((legs) => {
    const call = callOf(legs, numbering)
    const read = legs.map((cdr) => readLeg(cdr, numbering))
    const numbers = [call.caller.number, ...read.filter((leg) => !leg.isHelper).map(({ called }) => called)]
    const trunks = read.map(trunkOf).filter((trunk) => trunk !== undefined)
    const lines = [
      ...numbers.filter(isExtensionNumber).map((number) => `ext:${number}`),
      ...trunks.map((trunk) => `trunk:${trunk}`),
    ]
    return { call, lines: [...new Set(lines)] }
  })
}

/** Digits alone: a service code such as `*98` is nobody's line. */
function isExtensionNumber(number: string): boolean {
  return /^\d+$/.test(number) && number.length <= extensionDigitsMax
}
