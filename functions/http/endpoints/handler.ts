import type { EndpointList } from '../../../contracts/http.ts'
import { config } from '../../config.ts'
import { endpointShape } from '../../domain/personal/shapes.ts'
import { mask } from '../../domain/personal.ts'
import { PresenceStore } from '../../stores/presence.ts'
import { SiteStore } from '../../stores/sites.ts'
import { documentClient } from '../../stores/table.ts'
import { httpHandler } from '../http-handler.ts'
import { answer } from '../request.ts'

const env = config('TABLE_LIVE')
const db = documentClient()
const presence = new PresenceStore(db, env.TABLE_LIVE)
const sites = new SiteStore(db, env.TABLE_LIVE)

export const handler = httpHandler('GET /v1/sites/{site}/endpoints', async ({ caller, site }) => {
  const [entities, lastHeard] = await Promise.all([presence.endpoints(site), sites.lastHeard(site)])
  const endpoints = entities.map(({ state }) => mask(caller, 'presence', endpointShape, state))
  const list: EndpointList = { endpoints, ...(lastHeard && { lastHeard }) }
  return answer(200, list)
})
