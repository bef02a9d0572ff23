import { extensionRoutes } from '../../../contracts/routes/extensions.ts'
import { httpHandler } from '../http-handler.ts'
import { answer } from '../request.ts'
import { confirmedAnswer, dndAnswer, forwardAnswer, maskFor } from './answers.ts'
import { createDependencies } from './dependencies.ts'
import { clearForwards, listForwards, listMailboxes } from './list-extensions.ts'
import { findExtension, setExtension } from './set-extension.ts'
import { clearForward, setForward } from './set-forward.ts'

const { phones, forRequest } = createDependencies()
const setDnd = async (site: string, extension: string, target: string, now: number) =>
  dndAnswer(
    extension,
    await setExtension(site, { extension, settings: [{ setting: 'dnd', target }] }, await forRequest(now)),
  )

export const handler = httpHandler(extensionRoutes, 'extensions', {
  'GET /v1/sites/{site}/extensions/{extension}/forward': async ({ caller, site, path: { extension } }) =>
    answer(200, forwardAnswer(caller, extension, await findExtension(site, extension, phones)).body),
  'PUT /v1/sites/{site}/extensions/{extension}/forward': async ({ caller, site, path: { extension }, body, now }) =>
    forwardAnswer(caller, extension, await setForward(site, extension, body, { ...(await forRequest(now)), caller })),
  'DELETE /v1/sites/{site}/extensions/{extension}/forward': async ({ caller, site, path, query, now }) =>
    forwardAnswer(caller, path.extension, await clearForward(site, path.extension, query.when, await forRequest(now))),
  'GET /v1/sites/{site}/extensions/{extension}/dnd': async ({ site, path: { extension } }) =>
    answer(200, dndAnswer(extension, await findExtension(site, extension, phones)).body),
  'PUT /v1/sites/{site}/extensions/{extension}/dnd': ({ site, path, now }) => setDnd(site, path.extension, '1', now),
  'DELETE /v1/sites/{site}/extensions/{extension}/dnd': ({ site, path, now }) => setDnd(site, path.extension, '', now),
  'GET /v1/sites/{site}/forwards': async ({ caller, site }) =>
    answer(200, await listForwards(site, phones, maskFor(caller))),
  'DELETE /v1/sites/{site}/forwards': async ({ caller, site, now }) => {
    const { isConfirmed, list } = await clearForwards(site, await forRequest(now), maskFor(caller))
    return confirmedAnswer(isConfirmed, list)
  },
  'GET /v1/sites/{site}/mailboxes': async ({ site }) => answer(200, await listMailboxes(site, phones)),
})
