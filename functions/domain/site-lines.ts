import { extensionInName, parseChannelName } from '../../contracts/channel-name.ts'
import type { EndpointState } from '../../contracts/facts.ts'
import { extensionDigitsMax } from '../../contracts/numbers/number-spelling.ts'

/** Extensions and trunks of a site, as its settings name them. Either may be unknown (empty). */
export interface SiteLines {
  /** Endpoints that lead out of the site, such as `PJSIP/provider`. */
  trunks: ReadonlySet<string>
  /** Extensions of the site, first and last of each range, both included. */
  ranges: readonly { first: number; last: number }[]
  /** Extensions of phones by endpoint, as the PBX's configuration has them: 61 for `PJSIP/5861`. */
  numbers: ReadonlyMap<string, string>
  /** Endpoints that the bridge found to be trunks. The settings decide where they name trunks. */
  foundTrunks?: ReadonlySet<string>
}

export const unknownLines: SiteLines = { trunks: new Set(), ranges: [], numbers: new Map() }

/** Reads `1001-1005` or `60`; entries that are neither are ignored. */
export function readRanges(texts: readonly string[]): SiteLines['ranges'] {
  return texts.flatMap((text) => {
    const [, first = '', last = first] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(text.trim()) ?? []
    return first === '' ? [] : [{ first: Number(first), last: Number(last) }]
  })
}

/** True or false where the settings decide; undefined where they name no extensions. */
export function isKnownExtension(number: string, lines: SiteLines): boolean | undefined {
  if (lines.ranges.length === 0) return undefined
  if (!/^\d+$/.test(number) || number.length > extensionDigitsMax) return false
  const value = Number(number)
  return lines.ranges.some(({ first, last }) => value >= first && value <= last)
}

/**
 * Whether an endpoint is a trunk: by the settings, else false for an endpoint with the name of an extension (`PJSIP/1001`,
 * `PJSIP/1001-web`), else undefined.
 */
export function isTrunk(endpoint: string, lines: SiteLines): boolean | undefined {
  if (lines.trunks.has(endpoint)) return true
  if (extensionInName(endpoint) !== undefined || lines.numbers.has(endpoint)) return false
  return lines.trunks.size > 0 ? false : undefined
}

/** Returns the extension of a phone: from the PBX's configuration, else the one in its name. */
export function numberOfPhone(endpoint: string, lines: SiteLines): string | undefined {
  return lines.numbers.get(endpoint) ?? extensionInName(endpoint)
}

/** The line that calls over an endpoint use: its span for ISDN channels of DAHDI, else the endpoint itself. */
export function lineOfEndpoint(endpoint: string): string {
  const name = parseChannelName(endpoint)
  return name?.kind === 'device' ? name.line : endpoint
}

/** Returns an endpoint's state as the settings of the site decide whether it is a trunk; unchanged where they do not. */
export function withTrunk(state: EndpointState, lines: SiteLines): EndpointState {
  const decided = isTrunk(state.endpoint, lines)
  if (decided === undefined || decided === (state.trunk !== undefined)) return state
  if (decided) return { ...state, trunk: {} }
  const { trunk: _, ...phone } = state
  return phone
}
