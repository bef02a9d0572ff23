import type { EndpointState } from '../../../contracts/facts.ts'
import type { CallEntity, EndpointEntity } from '../../../contracts/frames.ts'
import type { Endpoint, EndpointList, EndpointQuery } from '../../../contracts/http.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { type BridgeHealth, pbxOf } from '../../stores/sites.ts'
import { HttpProblemError } from '../problem.ts'

export interface EndpointSources {
  presence: { endpoints(site: SiteId): Promise<EndpointEntity[]>; calls(site: SiteId): Promise<CallEntity[]> }
  sites: { health(site: SiteId): Promise<BridgeHealth | undefined> }
  /** Hides the personal data that the caller may not see. */
  show(state: EndpointState): EndpointState
}

export async function listEndpoints(
  site: SiteId,
  query: EndpointQuery,
  sources: EndpointSources,
): Promise<EndpointList> {
  const [endpoints, health] = await Promise.all([read(site, sources), sources.sites.health(site)])
  const found = endpoints.filter((one) => {
    return (
      (query.technology ?? one.technology) === one.technology &&
      (query.reachability ?? one.reachability) === one.reachability &&
      (query.deviceState ?? one.deviceState) === one.deviceState &&
      (query.extension === undefined || query.extension === (one.number ?? one.resource))
    )
  })
  const pbx = health && pbxOf(health)
  return { endpoints: found, ...(health && { lastHeard: health.lastHeard }), ...(pbx && { pbx }) }
}

/** Finds an endpoint by its resource, else by its number. Its id has a slash, which API Gateway would read as a path. */
export async function getEndpoint(site: SiteId, id: string, sources: EndpointSources): Promise<Endpoint> {
  const endpoints = await read(site, sources)
  const found = endpoints.find(({ resource }) => resource === id) ?? endpoints.find(({ number }) => number === id)
  if (!found) throw new HttpProblemError(404, 'endpoint-unknown', 'The site has no such endpoint.')
  return found
}

async function read(site: SiteId, { presence, show }: EndpointSources): Promise<Endpoint[]> {
  const [entities, calls] = await Promise.all([presence.endpoints(site), presence.calls(site)])
  const busy = new Map<string, number>()
  for (const { state } of calls) {
    const parties = new Set([state.caller, ...state.callees].map(({ endpoint }) => endpoint))
    for (const endpoint of parties) if (endpoint) busy.set(endpoint, (busy.get(endpoint) ?? 0) + 1)
  }
  return entities.map(({ state }) => ({ ...show(state), callsNow: busy.get(state.endpoint) ?? 0 }))
}
