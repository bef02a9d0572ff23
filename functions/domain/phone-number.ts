import { getCountryCallingCode } from 'libphonenumber-js/min'
import { plainNumber } from '../../contracts/numbers/number-spelling.ts'
import { countryCode, type Dialling } from '../../contracts/numbers/phone-number.ts'
import { type SiteLines, unknownLines } from './site-lines.ts'

export { canonicalDialled, canonicalNumber, isExtension } from '../../contracts/numbers/phone-number.ts'

/** How a site reads numbers: how its users dial, and which numbers are lines of the site. */
export interface Numbering extends Dialling {
  lines?: SiteLines | undefined
}

export function numbering(country: string, more: Omit<Numbering, 'country'> = {}): Numbering {
  return { country: countryCode(country), ...more }
}

export function linesOf({ lines }: Numbering): SiteLines {
  return lines ?? unknownLines
}

/** Digits after which a search by first digits is answered; fewer would name half of a country. */
export const prefixDigitsMin = 3

/**
 * Returns every beginning of a canonical number that a typed prefix may mean: as it is (extensions, numbers kept as
 * dialled), and in E.164 where it begins like a national or international number, with the outside prefix or without it.
 */
export function canonicalPrefixes(text: string, { country, outsidePrefix = '' }: Numbering): string[] {
  const bare = plainNumber(text).number
  const behind = bare.startsWith(outsidePrefix) ? bare.slice(outsidePrefix.length) : ''
  const outside = outsidePrefix !== '' && behind !== '' ? canonicalPrefixes(behind, { country }) : []
  // Without its prefix `0123` would also find extension 1234.
  const found = new Set([bare, ...outside.filter((prefix) => prefix.startsWith('+'))])
  const international = /^(?:00|011)([1-9].*)$/.exec(bare)?.[1]
  if (international) found.add(`+${international}`)
  const code = getCountryCallingCode(country)
  const national = /^0([1-9].*)$/.exec(bare)?.[1]
  if (national) found.add(`+${code}${national}`)
  else if (/^[1-9]/.test(bare)) found.add(`+${code}${bare}`)
  return [...found]
}
