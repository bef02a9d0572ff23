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

/** A bridge that said nothing for so long is away: it speaks each 10 s. */
const silentMs = 20_000
/** When to try again: a bridge or a PBX that restarts is back within half a minute. */
const retryAfterSeconds = '15'

/** The calling phone's endpoint, if a call could ring there now; what could not is told before anything is sent. */
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
  if (!endpoint) throw badFields([{ field: 'from', message: 'no phone of this site' }])
  if (endpoint.state.reachability === 'offline') {
    throw new HttpProblemError(409, 'caller-offline', 'The calling phone is not registered; switch it on.', {
      errors: [{ field: 'from', message: 'is not registered' }],
    })
  }
  const { resource, number } = endpoint.state
  return { endpoint: id, numbers: number === undefined ? [resource] : [resource, number] }
}

/** 503 while nothing that is sent would be done in time. */
export function checkBridgeOnline(bridge: BridgeHealth | undefined, now: number): void {
  if (!bridge || now - Date.parse(bridge.lastHeard) > silentMs) {
    throw unavailable('bridge-offline', 'The bridge of this site is not connected, so nothing can be dialled.')
  }
  if (bridge.pbx === 'down') throw unavailable('pbx-unreachable', 'The bridge of this site does not reach its PBX.')
}

function unavailable(errorId: string, detail: string): HttpProblemError {
  return new HttpProblemError(503, errorId, detail, { headers: { 'retry-after': retryAfterSeconds } })
}
