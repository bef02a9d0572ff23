import { createPrivateKey } from 'node:crypto'
import { placedCallRoutes } from '../../../contracts/routes/placed-calls.ts'
import { archivedCallShape } from '../../domain/personal/shapes.ts'
import { mask } from '../../domain/personal.ts'
import { secrets } from '../../secrets.ts'
import { httpHandler } from '../http-handler.ts'
import { answer } from '../request.ts'
import { createDependencies } from './dependencies.ts'
import { endCall } from './end-call.ts'
import { placeCall } from './place-call.ts'

const dependencies = createDependencies()
const signingKey = async () => createPrivateKey((await secrets()).signingKey)

export const handler = httpHandler(placedCallRoutes, 'placedCalls', {
  'POST /v1/sites/{site}/calls': async ({ caller, site, body, headers, now }) => {
    const how = { ...dependencies, signingKey: await signingKey(), now }
    const call = await placeCall(site, caller.keyId, headers['idempotency-key'], body, how)
    return answer(202, mask(caller, 'calls', archivedCallShape, call))
  },
  'DELETE /v1/sites/{site}/calls/{id}': async ({ caller, site, path, now }) => {
    const call = await endCall(site, path.id, { ...dependencies, signingKey: await signingKey(), now })
    return answer(202, mask(caller, 'calls', archivedCallShape, call))
  },
})
