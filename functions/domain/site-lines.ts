import { parseChannelName } from '../../contracts/channel-name.ts'
import { extensionDigitsMax } from './number-spelling.ts'

/** Extensions, phones and trunks of a site, as its settings name them. Every part may be unknown (empty). */
export interface SiteLines {
  /** Endpoints that lead out of the site, such as `PJSIP/provider`. */
  trunks: ReadonlySet<string>
  /** Extension of each known phone, by endpoint: `PJSIP/5860` is 60. */
  phones: ReadonlyMap<string, string>
  /** Extensions of the site, first and last of each range, both included. */
  ranges: readonly { first: number; last: number }[]
}

export const unknownLines: SiteLines = { trunks: new Set(), phones: new Map(), ranges: [] }

/** Reads `1001-1005` or `60`; entries that are neither are ignored. */
export function readRanges(texts: readonly string[]): SiteLines['ranges'] {
  return texts.flatMap((text) => {
    const [, first = '', last = first] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(text.trim()) ?? []
    return first === '' ? [] : [{ first: Number(first), last: Number(last) }]
  })
}

/** True or false where the settings decide; undefined where they name no extensions. */
export function isKnownExtension(number: string, lines: SiteLines): boolean | undefined {
  if (lines.ranges.length === 0 && lines.phones.size === 0) return undefined
  if (!/^\d+$/.test(number) || number.length > extensionDigitsMax) return false
  const value = Number(number)
  if (lines.ranges.some(({ first, last }) => value >= first && value <= last)) return true
  return [...lines.phones.values()].includes(number)
}

/**
 * Whether an endpoint is a trunk: by the settings, else false for an endpoint with the name of an extension (`PJSIP/1001`,
 * `PJSIP/1001-web`), else undefined.
 */
export function isTrunk(endpoint: string, lines: SiteLines): boolean | undefined {
  if (lines.trunks.has(endpoint)) return true
  if (lines.phones.has(endpoint) || extensionInName(endpoint) !== undefined) return false
  return lines.trunks.size > 0 ? false : undefined
}

/** The extension of a phone: by the settings, else by its name; undefined where neither tells it. */
export function extensionOf(endpoint: string, lines: SiteLines): string | undefined {
  return lines.phones.get(endpoint) ?? extensionInName(endpoint)
}

/** `1001` of `PJSIP/1001`, `SIP/1001-web` and `PJSIP/T1_1001`. */
function extensionInName(endpoint: string): string | undefined {
  const resource = endpoint.slice(endpoint.indexOf('/') + 1)
  return /^(?:T\d+_)?(\d{2,6})(?:[-_][A-Za-z]\w*)?$/.exec(resource)?.[1]
}

/** The line that calls over an endpoint use: its span for ISDN channels of DAHDI, else the endpoint itself. */
export function lineOfEndpoint(endpoint: string): string {
  const name = parseChannelName(endpoint)
  return name?.kind === 'device' ? name.line : endpoint
}
