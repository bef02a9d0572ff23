import { config } from '../../config.ts'
import { Sockets } from '../../gateways/sockets.ts'
import { secrets } from '../../secrets.ts'
import { ConnectionStore } from '../../stores/connections.ts'
import { KeyStore } from '../../stores/keys.ts'
import { SiteDirectory } from '../../stores/site-directory.ts'
import { documentClient } from '../../stores/table.ts'
import { existingSite } from '../existing-site.ts'
import { httpRoutes } from '../http-handler.ts'
import { answer, type HttpRequest } from '../request.ts'
import { listKeys } from './key-info.ts'
import { makeBoard, makeKey } from './make-key.ts'
import { revokeKey } from './revoke-key.ts'
import { rotateKey } from './rotate-key.ts'

const env = config('TABLE_ACCESS', 'TABLE_LIVE', 'SOCKET_ENDPOINT')
const directory = new SiteDirectory(documentClient(), env.TABLE_ACCESS)
const keys = new KeyStore(documentClient(), env.TABLE_ACCESS)
const connections = new ConnectionStore(documentClient(), env.TABLE_LIVE)
const sockets = new Sockets(env.SOCKET_ENDPOINT)

async function around({
  caller,
  site,
  now,
}: Pick<HttpRequest<'GET /v1/sites/{site}/keys'>, 'caller' | 'site' | 'now'>) {
  await existingSite(directory, site)
  return { caller, site, now, keys, connections, sockets, pepper: (await secrets()).pepper }
}

export const handler = httpRoutes({
  'POST /v1/sites/{site}/keys': async (request) => answer(201, await makeKey(request.body, await around(request))),
  'POST /v1/sites/{site}/boards': async (request) => answer(201, await makeBoard(request.body, await around(request))),
  'GET /v1/sites/{site}/keys': async ({ site }) => answer(200, await listKeys(site, keys)),
  'POST /v1/sites/{site}/keys/{key}/rotate': async (request) =>
    answer(200, await rotateKey(request.path.key, request.body, await around(request))),
  'DELETE /v1/sites/{site}/keys/{key}': async (request) =>
    answer(200, await revokeKey(request.path.key, await around(request))),
})
