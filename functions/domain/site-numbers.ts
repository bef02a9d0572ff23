import { extensionInName } from '../../contracts/channel-name.ts'
import type { EndpointState } from '../../contracts/facts.ts'
import { extensionOf } from '../../contracts/presence.ts'
import type { SiteSettings } from '../../contracts/site.ts'

/** Numbers inside a site: what the PBX reports and what the settings name. */
export interface SiteNumbers {
  isExtension(number: string): boolean
  /** Numbers of the dial plan that change a setting or start a service. Calls by API never dial them. */
  isService(number: string): boolean
}

/** Returns the numbers of a site. Trunks and custom device states are no extensions. */
export function siteNumbers(
  states: readonly EndpointState[],
  { extensions, services, trunks }: Pick<SiteSettings, 'extensions' | 'services' | 'trunks'>,
): SiteNumbers {
  const phones = states.filter(({ endpoint }) => !trunks.includes(endpoint))
  const known = new Set(phones.flatMap((state) => numberOf(state) ?? []))
  return {
    isExtension: (number) => known.has(number) || isListed(number, extensions),
    isService: (number) => isListed(number, services),
  }
}

/** `SIP/1001-web` rings as 1001. */
function numberOf(state: EndpointState): string | undefined {
  const number = extensionOf(state)
  return number === state.resource ? (extensionInName(state.endpoint) ?? number) : number
}

/** Whether a number is an entry, or within a range, of the settings. 060 is not 60: phones would dial an outside number. */
function isListed(number: string, entries: readonly string[]): boolean {
  if (!/^\d+$/.test(number)) return false
  return entries.some((entry) => {
    const [first = '', last = first] = entry.split('-')
    if (number.startsWith('0') !== first.startsWith('0')) return false
    if (number.startsWith('0') && number.length !== first.length) return false
    return Number(number) >= Number(first) && Number(number) <= Number(last)
  })
}
