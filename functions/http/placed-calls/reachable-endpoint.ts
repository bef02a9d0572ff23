import type { EndpointEntity } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { badFields, HttpProblemError } from '../problem.ts'

export interface BridgeHealth {
  lastHeard: string
  pbx?: 'up' | 'down' | 'unknown' | undefined
}
export interface PresenceReader {
  health(site: SiteId): Promise<BridgeHealth | undefined>
  endpoints(site: SiteId): Promise<EndpointEntity[]>
}

/** A bridge sends a message every 10 s; after this long without one it counts as offline. */
const silentMs = 20_000
/** Retry-After: a bridge or PBX that restarts is back within half a minute. */
const retryAfterSeconds = '15'

/** Returns the calling phone's endpoint and numbers. @throws HttpProblemError if a call could not ring there now */
export async function reachableEndpoint(
  site: SiteId,
  from: string,
  { health, endpoints }: PresenceReader,
  now: number,
): Promise<{ endpoint: string; numbers: string[] }> {
  const [bridge, known] = await Promise.all([health(site), endpoints(site)])
  checkBridgeOnline(bridge, now)
  const id = from.startsWith('PJSIP/') ? from : `PJSIP/${from}`
  const endpoint = known.find((entity) => entity.id === id)
  if (!endpoint) throw badFields([{ field: 'from', message: 'Not a phone of this site. Example: PJSIP/5860.' }])
  if (endpoint.state.reachability === 'offline') {
    throw new HttpProblemError(409, 'caller-offline', 'The calling phone is not registered. Switch it on.', {
      errors: [{ field: 'from', message: 'Not registered.' }],
    })
  }
  const { resource, number } = endpoint.state
  return { endpoint: id, numbers: number === undefined ? [resource] : [resource, number] }
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
