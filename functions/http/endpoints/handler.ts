import type { EndpointState } from '../../../contracts/facts.ts'
import type { QueuePart } from '../../../contracts/queues.ts'
import { endpointRoutes } from '../../../contracts/routes/endpoints.ts'
import { queueRoutes } from '../../../contracts/routes/queues.ts'
import type { SiteKey } from '../../caller.ts'
import { config } from '../../config.ts'
import { hideQueuePart } from '../../domain/personal/frames.ts'
import { endpointShape } from '../../domain/personal/shapes.ts'
import { mask, seesPersonal } from '../../domain/personal.ts'
import { PresenceStore } from '../../stores/presence.ts'
import { SiteStore } from '../../stores/sites.ts'
import { documentClient } from '../../stores/table.ts'
import { httpHandler } from '../http-handler.ts'
import { answer } from '../request.ts'
import { conditionalAnswer } from '../search/conditional-answer.ts'
import { bridgeStatus } from './bridge-status.ts'
import { getEndpoint, listEndpoints } from './list-endpoints.ts'
import { listQueues } from './list-queues.ts'

const { TABLE_LIVE } = config('TABLE_LIVE')
const presence = new PresenceStore(documentClient(), TABLE_LIVE)
const sites = new SiteStore(documentClient(), TABLE_LIVE)
const sourcesFor = (caller: SiteKey) => {
  return { presence, sites, show: (state: EndpointState) => mask(caller, 'presence', endpointShape, state) }
}

const queueSourcesFor = (caller: SiteKey) => {
  return { presence, sites, show: seesPersonal(caller, 'presence') ? (part: QueuePart) => part : hideQueuePart }
}

export const handler = httpHandler({ ...endpointRoutes, ...queueRoutes }, 'endpoints', {
  'GET /v1/sites/{site}/endpoints': async ({ caller, site, query, headers }) =>
    conditionalAnswer(await listEndpoints(site, query, sourcesFor(caller)), headers),
  'GET /v1/sites/{site}/endpoints/{id}': async ({ caller, site, path, headers }) =>
    conditionalAnswer(await getEndpoint(site, path.id, sourcesFor(caller)), headers),
  'GET /v1/sites/{site}/queues': async ({ caller, site, headers }) =>
    conditionalAnswer(await listQueues(site, queueSourcesFor(caller)), headers),
  'GET /v1/sites/{site}/bridge': async ({ site, now }) => answer(200, bridgeStatus(await sites.health(site), now)),
})
