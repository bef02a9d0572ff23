import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { canonicalDialled, type Numbering } from '../phone-number.ts'
import { shortNumberKind } from '../short-number.ts'
import { longestMatch, riskOfRange } from './ranges.ts'

/**
 * Where a call to the outside leads: `premium` at home, `directory` for an expensive short number, `shared` for a number with a
 * surcharge, `premium-abroad`, `satellite`, and countries by their risk.
 */
export const risks = [
  'shared',
  'directory',
  'premium',
  'ordinary',
  'medium',
  'high',
  'premium-abroad',
  'satellite',
] as const
export type Risk = (typeof risks)[number]

export interface Destination {
  /** What "called before" is about: country and kind, or the first digits where the number has no country. */
  key: string
  risk: Risk
  country?: string
  /** In E.164, or a short number. */
  number: string
}

/** Kinds of numbers that share revenue with who is called. */
const surcharged = new Set(['PREMIUM_RATE', 'SHARED_COST', 'PERSONAL_NUMBER', 'UAN', 'PAGER'])

/** Returns where a number leads as a phone of the site dialled it; undefined for an ordinary number at home, a short one, or none. */
export function destinationOf(dialled: string, numbering: Numbering): Destination | undefined {
  const { country, outsidePrefix = '' } = numbering
  const bare = dialled.replace(/[^\d+]/g, '')
  const behind = outsidePrefix !== '' && bare.startsWith(outsidePrefix) ? bare.slice(outsidePrefix.length) : bare
  const kinds = [bare, behind].map((digits) => shortNumberKind(digits, country))
  if (kinds.includes('premium')) return { key: `${country} directory`, risk: 'directory', country, number: behind }
  if (kinds.some((kind) => kind !== undefined)) return undefined
  const number = internationalForm(dialled, numbering)
  if (number === undefined) return undefined
  const parsed = parsePhoneNumberFromString(number)
  const kind = parsed?.getType()
  const where = parsed?.country
  if (where === country) return atHome(number, country, kind)
  const range = riskOfRange(number)
  if (range === 'free') return undefined
  if (range === 'satellite') return { key: number.slice(0, 5), risk: 'satellite', number }
  // The numbers of another country with the same code, such as Canada for the United States, have a country of their own.
  const code = parsed?.countryCallingCode ?? number.slice(1, 4)
  const place = { key: where ?? `+${code}`, number, ...(where && { country: where }) }
  if (kind === 'TOLL_FREE') return undefined
  if (kind !== undefined && surcharged.has(kind))
    return { ...place, key: `${place.key} premium`, risk: 'premium-abroad' }
  return { ...place, risk: range }
}

function atHome(number: string, country: string, kind: string | undefined): Destination | undefined {
  if (kind === 'PREMIUM_RATE') return { key: `${country} premium`, risk: 'premium', country, number }
  if (kind === 'SHARED_COST' || kind === 'PERSONAL_NUMBER')
    return { key: `${country} shared`, risk: 'shared', country, number }
  return undefined
}

/** Prefixes of up to four digits which a scanner tries or the settings of the site do not name, before an international number. */
const prefixed = /^\d{0,4}?(?:00|011|\+)([1-9]\d{7,14})$/

/** Returns E.164, also for a number that no country has assigned: fraud likes such ranges. */
function internationalForm(dialled: string, numbering: Numbering): string | undefined {
  const canonical = canonicalDialled(dialled, numbering)
  if (/^\+[1-9]\d{6,}$/.test(canonical)) return canonical
  const digits = prefixed.exec(canonical)?.[1]
  return digits === undefined ? undefined : `+${digits}`
}

/** Estimated prices of a minute, in the currency of a carrier of Europe or North America. */
const pricesByRisk: Readonly<Record<Risk, number>> = {
  shared: 0.2,
  directory: 3,
  premium: 0.8,
  ordinary: 0.06,
  medium: 0.3,
  high: 0.8,
  'premium-abroad': 2,
  satellite: 5,
}
const priceDigitsMax = 11

/** Returns the estimated price of a minute: by the site's own table, else by the kind of destination. */
export function pricePerMinute({ number, risk }: Destination, prices: Readonly<Record<string, number>>): number {
  const own = number.startsWith('+')
    ? longestMatch(number.slice(1), priceDigitsMax, (beginning) => prices[`+${beginning}`])
    : undefined
  return own ?? pricesByRisk[risk]
}
