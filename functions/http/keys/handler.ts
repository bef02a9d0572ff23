import { keyRoutes } from '../../../contracts/routes/keys.ts'
import { httpHandler } from '../http-handler.ts'
import { answer } from '../request.ts'
import { createDependencies } from './dependencies.ts'
import { listKeys, unfreezeKey } from './key-info.ts'
import { makeBoard, makeKey } from './make-key.ts'
import { revokeKey } from './revoke-key.ts'
import { rotateKey } from './rotate-key.ts'

const { keys, freezes, forRequest, forGiver } = createDependencies()

export const handler = httpHandler(keyRoutes, 'keys', {
  'POST /v1/sites/{site}/keys': async (request) => answer(201, await makeKey(request.body, await forGiver(request))),
  'POST /v1/sites/{site}/boards': async (request) =>
    answer(201, await makeBoard(request.body, await forGiver(request))),
  'GET /v1/sites/{site}/keys': async ({ site }) => answer(200, await listKeys(site, keys, freezes)),
  'POST /v1/sites/{site}/keys/{key}/rotate': async (request) =>
    answer(200, await rotateKey(request.path.key, request.body, await forGiver(request))),
  'DELETE /v1/sites/{site}/keys/{key}': async (request) =>
    answer(200, await revokeKey(request.path.key, await forRequest(request))),
  'DELETE /v1/sites/{site}/keys/{key}/freeze': async (request) =>
    answer(200, await unfreezeKey(request.path.key, await forGiver(request))),
})
