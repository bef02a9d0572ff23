import { writeFileSync } from 'node:fs'
import library from 'google-libphonenumber'
import { digitPattern } from './digit-pattern.ts'

const { PhoneNumber, PhoneNumberUtil, ShortNumberInfo } = library
const util = PhoneNumberUtil.getInstance()
const shortNumbers = ShortNumberInfo.getInstance()

/** Longer numbers are judged as telephone numbers. */
const digitsMax = 6
export type ShortKind = 'emergency' | 'premium' | 'other'

/** Returns what Google's data says of a short number in a country; undefined if the country has no such number. */
export function shortKindOf(digits: string, region: string): ShortKind | undefined {
  if (shortNumbers.isEmergencyNumber(digits, region)) return 'emergency'
  const number = numberOf(digits, region)
  if (!shortNumbers.isValidShortNumberForRegion(number, region)) return undefined
  const cost = shortNumbers.getExpectedCostForRegion(number, region)
  return cost === ShortNumberInfo.ShortNumberCost.PREMIUM_RATE ? 'premium' : 'other'
}

function numberOf(digits: string, region: string): InstanceType<typeof PhoneNumber> {
  const number = new PhoneNumber()
  number.setCountryCode(util.getCountryCodeForRegion(region))
  number.setNationalNumber(Number(digits))
  const zeros = /^0*(?=\d)/.exec(digits)?.[0].length ?? 0
  if (zeros > 0) {
    number.setItalianLeadingZero(true)
    number.setNumberOfLeadingZeros(zeros)
  }
  return number
}

/** Tries every number of a country. The library checks the length first, so whole lengths are skipped. */
function patternsOf(region: string): Record<ShortKind, string> {
  const found: Record<ShortKind, string[]> = { emergency: [], premium: [], other: [] }
  for (let length = 2; length <= digitsMax; length += 1) {
    const isPossible = shortNumbers.isPossibleShortNumberForRegion(numberOf('1'.repeat(length), region), region)
    if (!isPossible) continue
    for (let value = 0; value < 10 ** length; value += 1) {
      const digits = String(value).padStart(length, '0')
      const kind = shortKindOf(digits, region)
      if (kind) found[kind].push(digits)
    }
  }
  const { emergency, premium, other } = found
  return { emergency: digitPattern(emergency), premium: digitPattern(premium), other: digitPattern(other) }
}

/**
 * `npm run short-numbers`: writes functions/domain/short-numbers.json, a pattern of digits for each country and kind, from
 * Google's data. It tries 40 million numbers, which takes a few minutes. Run it after an update of google-libphonenumber.
 */
export async function main(): Promise<void> {
  const table = util
    .getSupportedRegions()
    .sort()
    .map((region) => [region, patternsOf(region)] as const)
  writeFileSync('functions/domain/short-numbers.json', `${JSON.stringify(Object.fromEntries(table), undefined, 2)}\n`)
}
