import { dialSeparators } from '../../../contracts/dial-number.ts'
import type { EndpointEntity } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { phoneNumberOf } from '../../domain/site-numbers.ts'
import { badFields, HttpProblemError } from '../problem.ts'

export interface BridgeHealth {
  lastHeard: string
  pbx?: 'up' | 'down' | 'unknown' | undefined
}
export interface PresenceReader {
  health(site: SiteId): Promise<BridgeHealth | undefined>
  endpoints(site: SiteId): Promise<EndpointEntity[]>
}

/** What the cloud knows of a site's bridge and phones. */
export interface KnownPhones {
  bridge: BridgeHealth | undefined
  known: readonly EndpointEntity[]
}

/** Reads bridge and phones. @throws HttpProblemError 503 if the bridge is offline and has reported no phone yet */
export async function knownPhones(
  site: SiteId,
  { health, endpoints }: PresenceReader,
  now: number,
): Promise<KnownPhones> {
  const [bridge, known] = await Promise.all([health(site), endpoints(site)])
  // Without this, the numbers of a new site would be answered as unknown.
  if (known.length === 0) checkBridgeOnline(bridge, now)
  return { bridge, known }
}

/** A bridge sends a message every 10 s; after this long without one it counts as offline. */
const silentMs = 20_000
/** Retry-After: a bridge or PBX that restarts is back within half a minute. */
const retryAfterSeconds = '15'

/** @throws HttpProblemError 400 if a phone calls itself, by its extension or its name */
export function checkNotSelf({ from, to }: { from: string; to: string }, { known }: KnownPhones): void {
  const state = phoneOf(from, known)?.state
  const dialled = to.replace(dialSeparators, '')
  if (state && [state.resource, phoneNumberOf(state)].includes(dialled)) {
    throw badFields([{ field: 'to', message: 'A phone cannot call itself.' }])
  }
}

/** Returns the calling phone's endpoint. @throws HttpProblemError if a call could not ring there now */
export function reachableEndpoint(from: string, { bridge, known }: KnownPhones, now: number): string {
  checkBridgeOnline(bridge, now)
  const endpoint = phoneOf(from, known)
  if (!endpoint) throw badFields([{ field: 'from', message: 'Not a phone of this site. Example: PJSIP/5860.' }])
  if (endpoint.state.reachability === 'offline') {
    throw new HttpProblemError(409, 'caller-offline', 'The calling phone is not registered. Switch it on.', {
      errors: [{ field: 'from', message: 'Not registered.' }],
    })
  }
  return endpoint.id
}

/** Channel drivers of phones, in the order in which a name without one is looked for. */
const technologies = ['PJSIP', 'SIP', 'IAX2']

function phoneOf(from: string, known: readonly EndpointEntity[]): EndpointEntity | undefined {
  const ids = from.includes('/') ? [from] : technologies.map((technology) => `${technology}/${from}`)
  for (const id of ids) {
    const found = known.find((entity) => entity.id === id)
    if (found) return found
  }
  return undefined
}

/** @throws HttpProblemError 503 while the bridge or its PBX cannot execute a command in time */
export function checkBridgeOnline(bridge: BridgeHealth | undefined, now: number): void {
  if (!bridge || now - Date.parse(bridge.lastHeard) > silentMs) {
    throw unavailable('bridge-offline', 'The bridge of this site is not connected, so nothing can be dialled.')
  }
  if (bridge.pbx === 'down') throw unavailable('pbx-unreachable', 'The bridge of this site does not reach its PBX.')
}

function unavailable(errorId: string, detail: string): HttpProblemError {
  return new HttpProblemError(503, errorId, detail, { headers: { 'retry-after': retryAfterSeconds } })
}
