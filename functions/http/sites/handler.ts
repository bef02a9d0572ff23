import { config } from '../../config.ts'
import { CommandQueues } from '../../gateways/command-queues.ts'
import { secrets } from '../../secrets.ts'
import { AccessStore } from '../../stores/access.ts'
import { SiteStore } from '../../stores/sites.ts'
import { documentClient } from '../../stores/table.ts'
import { httpHandler } from '../http-handler.ts'
import { answer } from '../request.ts'
import { createSite } from './create-site.ts'

const env = config('TABLE_ACCESS', 'TABLE_LIVE', 'QUEUE_LIVE', 'QUEUE_RECORDS', 'STAGE')
const db = documentClient()
const access = new AccessStore(db, env.TABLE_ACCESS)
const sites = new SiteStore(db, env.TABLE_LIVE)
const commandQueues = new CommandQueues(env.STAGE)
const queues = { live: env.QUEUE_LIVE, records: env.QUEUE_RECORDS }

export const handler = httpHandler('POST /v1/sites', async ({ body }) => {
  const making = { access, sites, commandQueues, queues, secrets: await secrets(), now: Date.now }
  return answer(201, await createSite(body, making), { audit: { site: body.site, on: `sites/${body.site}` } })
})
