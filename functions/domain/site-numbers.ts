import { extensionInName } from '../../contracts/channel-name.ts'
import type { EndpointState } from '../../contracts/facts.ts'
import { isExtensionNumber } from '../../contracts/numbers/number-spelling.ts'
import { extensionOf } from '../../contracts/presence.ts'
import type { SiteSettings } from '../../contracts/site.ts'

/** Numbers inside a site: what the PBX reports and what the settings name. */
export interface SiteNumbers {
  isExtension(number: string): boolean
  /** Whether the settings name it as an extension, which also holds for a short number of the country. */
  isNamed(number: string): boolean
  /** Numbers of the dial plan that change a setting or start a service. Calls by API never dial them. */
  isService(number: string): boolean
}

/** Returns the numbers of a site. Trunks and custom device states are no extensions. */
export function siteNumbers(
  states: readonly EndpointState[],
  { extensions, services, trunks }: Pick<SiteSettings, 'extensions' | 'services' | 'trunks'>,
): SiteNumbers {
  const phones = states.filter(({ endpoint }) => !trunks.includes(endpoint))
  const known = new Set(phones.flatMap((state) => phoneNumberOf(state) ?? []))
  return {
    isExtension: (number) => known.has(number) || isListed(number, extensions),
    isNamed: (number) => isListed(number, extensions),
    isService: (number) => isListed(number, services),
  }
}

/**
 * Returns the extension of a phone: its number in the PBX's configuration, else the one in its name (`SIP/1001-web` rings as 1001).
 * A caller ID may show a whole telephone number, which is no extension.
 */
export function phoneNumberOf(state: EndpointState): string | undefined {
  const number = extensionOf(state)
  if (number === undefined) return undefined
  if (number !== state.resource && isExtensionNumber(number)) return number
  const named = extensionInName(state.endpoint) ?? state.resource
  return isExtensionNumber(named) ? named : undefined
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
