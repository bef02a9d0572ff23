import type { SiteId } from '../../../contracts/names.ts'
import type { Admin, SiteKey } from '../../caller.ts'
import { config } from '../../config.ts'
import { Sockets } from '../../gateways/sockets.ts'
import { secrets } from '../../secrets.ts'
import { CallFreezes } from '../../stores/call-freezes.ts'
import { ConnectionStore } from '../../stores/connections.ts'
import { KeyStore } from '../../stores/keys.ts'
import { SiteDirectory } from '../../stores/site-directory.ts'
import { documentClient } from '../../stores/table.ts'
import { existingSite } from '../existing-site.ts'
import { readGiver } from './giver.ts'

/** Creates the dependencies of the handler, once per cold start; `forRequest` adds those of one request. */
export function createDependencies() {
  const env = config('TABLE_ACCESS', 'TABLE_LIVE', 'SOCKET_ENDPOINT')
  const directory = new SiteDirectory(documentClient(), env.TABLE_ACCESS)
  const dependencies = {
    keys: new KeyStore(documentClient(), env.TABLE_ACCESS),
    connections: new ConnectionStore(documentClient(), env.TABLE_LIVE),
    freezes: new CallFreezes(documentClient(), env.TABLE_LIVE),
    sockets: new Sockets(env.SOCKET_ENDPOINT),
  }
  const forRequest = async ({ caller, site, now }: { caller: SiteKey | Admin; site: SiteId; now: number }) => {
    await existingSite(directory, site)
    return { caller, site, now, ...dependencies, pepper: (await secrets()).pepper }
  }
  const forGiver = async (request: Parameters<typeof forRequest>[0]) => {
    const found = await forRequest(request)
    return { ...found, giver: await readGiver(found) }
  }
  return { ...dependencies, forRequest, forGiver }
}
