import type { EndpointEntity } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { badFields, HttpProblemError } from '../problem.ts'

export interface Heard {
  lastHeard: string
  pbx?: 'up' | 'down' | 'unknown' | undefined
}
export interface Reachable {
  health(site: SiteId): Promise<Heard | undefined>
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
  { health, endpoints }: Reachable,
  now: number,
): Promise<{ endpoint: string; numbers: string[] }> {
  const [heard, known] = await Promise.all([health(site), endpoints(site)])
  checkHeard(heard, now)
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
export function checkHeard(heard: Heard | undefined, now: number): void {
  if (!heard || now - Date.parse(heard.lastHeard) > silentMs) {
    throw away('bridge-offline', 'The bridge of this site is not connected, so nothing can be dialled.')
  }
  if (heard.pbx === 'down') throw away('pbx-unreachable', 'The bridge of this site does not reach its PBX.')
}

function away(errorId: string, detail: string): HttpProblemError {
  return new HttpProblemError(503, errorId, detail, { headers: { 'retry-after': retryAfterSeconds } })
}
