import type { Cdr } from '../../../contracts/cdr.ts'
import { callOf } from '../calls/call.ts'
import { readLeg, trunkOf } from '../calls/leg.ts'
import { extensionDigitsMax, type Numbering } from '../phone-number.ts'
import type { CountedCall } from './hour-total.ts'

/**
 * Returns the calls of the CDRs of one hour, each with its lines: the extensions that called or were called in one of its
 * records, and its trunks. A call counts once for each of its lines, with the result of the whole call.
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

/** Returns true for an extension; a service code such as `*98` is not a line. */
function isExtensionNumber(number: string): boolean {
  return /^\d+$/.test(number) && number.length <= extensionDigitsMax
}
