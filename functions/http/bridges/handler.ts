import { bridgeRoutes } from '../../../contracts/routes/bridges.ts'
import { config } from '../../config.ts'
import { CommandQueues } from '../../gateways/command-queues.ts'
import { BridgeStore } from '../../stores/bridges.ts'
import { SiteDirectory } from '../../stores/site-directory.ts'
import { documentClient } from '../../stores/table.ts'
import { existingSite } from '../existing-site.ts'
import { httpHandler } from '../http-handler.ts'
import { answer } from '../request.ts'
import { makeCode } from './make-code.ts'
import { revokeBridge, toBridgeInfo } from './revoke-bridge.ts'

const env = config('TABLE_ACCESS', 'STAGE')
const directory = new SiteDirectory(documentClient(), env.TABLE_ACCESS)
const bridges = new BridgeStore(documentClient(), env.TABLE_ACCESS)
const commandQueues = new CommandQueues(env.STAGE)

export const handler = httpHandler(bridgeRoutes, 'bridges', {
  'POST /v1/sites/{site}/bridges': async ({ site, caller, now }) => {
    await existingSite(directory, site)
    return answer(201, await makeCode(site, { caller, bridges, now }))
  },
  'GET /v1/sites/{site}/bridges': async ({ site, now }) => {
    await existingSite(directory, site)
    return answer(200, { bridges: (await bridges.list(site)).map((row) => toBridgeInfo(row, now)) })
  },
  'DELETE /v1/sites/{site}/bridges/{bridge}': async ({ site, path, now }) =>
    answer(200, await revokeBridge(site, path.bridge, { directory, bridges, commandQueues, now })),
})
