import { siteRoutes } from '../../../contracts/routes/sites.ts'
import { config } from '../../config.ts'
import { CommandQueues } from '../../gateways/command-queues.ts'
import { secrets } from '../../secrets.ts'
import { BridgeStore } from '../../stores/bridges.ts'
import { KeyStore } from '../../stores/keys.ts'
import { SiteDirectory, toSite } from '../../stores/site-directory.ts'
import { SiteStore } from '../../stores/sites.ts'
import { documentClient } from '../../stores/table.ts'
import { existingSite } from '../existing-site.ts'
import { httpHandler } from '../http-handler.ts'
import { answer } from '../request.ts'
import { changeSite } from './change-site.ts'
import { createSite } from './create-site.ts'
import { listSites } from './list-sites.ts'

const env = config('TABLE_ACCESS', 'TABLE_LIVE', 'STAGE')
const directory = new SiteDirectory(documentClient(), env.TABLE_ACCESS)
const keys = new KeyStore(documentClient(), env.TABLE_ACCESS)
const bridges = new BridgeStore(documentClient(), env.TABLE_ACCESS)
const sites = new SiteStore(documentClient(), env.TABLE_LIVE)
const commandQueues = new CommandQueues(env.STAGE)

export const handler = httpHandler(siteRoutes, 'sites', {
  'POST /v1/sites': async ({ body, caller, now }) => {
    const { pepper } = await secrets()
    const made = await createSite(body, { directory, keys, bridges, sites, commandQueues, pepper, caller, now })
    return answer(201, made, { audit: { site: body.site, on: `sites/${body.site}` } })
  },
  'GET /v1/sites': async ({ query }) => answer(200, await listSites(query.after, directory)),
  'GET /v1/sites/{site}': async ({ site }) => answer(200, toSite(await existingSite(directory, site))),
  'PATCH /v1/sites/{site}': async ({ site, body, caller }) =>
    answer(200, await changeSite(site, body, { directory, sites, caller })),
})
