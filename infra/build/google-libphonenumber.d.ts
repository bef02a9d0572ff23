/** The part of the package that `short-numbers.ts` uses; the package comes without types. */
declare module 'google-libphonenumber' {
  export class PhoneNumber {
    setCountryCode(code: number): void
    setNationalNumber(number: number): void
    setItalianLeadingZero(isSet: boolean): void
    setNumberOfLeadingZeros(count: number): void
  }
  export interface ShortNumberInfo {
    isEmergencyNumber(number: string, region: string): boolean
    isPossibleShortNumberForRegion(number: PhoneNumber, region: string): boolean
    isValidShortNumberForRegion(number: PhoneNumber, region: string): boolean
    getExpectedCostForRegion(number: PhoneNumber, region: string): number
  }
  export interface PhoneNumberUtil {
    getSupportedRegions(): string[]
    getCountryCodeForRegion(region: string): number
  }
  const library: {
    PhoneNumber: typeof PhoneNumber
    ShortNumberInfo: { getInstance(): ShortNumberInfo; ShortNumberCost: { PREMIUM_RATE: number } }
    PhoneNumberUtil: { getInstance(): PhoneNumberUtil }
  }
  export default library
}
