import { extensionRoutes } from '../../../contracts/routes/extensions.ts'
import { httpHandler } from '../http-handler.ts'
import { answer } from '../request.ts'
import { clearForwards, listForwards, listMailboxes } from './list-extensions.ts'
import { openParts } from './parts.ts'
import { extensionPhone, setExtension } from './set-extension.ts'
import { clearForward, setForward } from './set-forward.ts'
import { dndAnswer, done, forwardAnswer, showTo } from './shown.ts'

const { phones, setters } = openParts()
const setDnd = async (site: string, extension: string, target: string, now: number) =>
  dndAnswer(
    extension,
    await setExtension(site, { extension, settings: [{ setting: 'dnd', target }] }, await setters(now)),
  )

export const handler = httpHandler(extensionRoutes, 'extensions', {
  'GET /v1/sites/{site}/extensions/{extension}/forward': async ({ caller, site, path: { extension } }) =>
    answer(200, forwardAnswer(caller, extension, await extensionPhone(site, extension, phones)).body),
  'PUT /v1/sites/{site}/extensions/{extension}/forward': async ({ caller, site, path: { extension }, body, now }) =>
    forwardAnswer(caller, extension, await setForward(site, extension, body, { ...(await setters(now)), caller })),
  'DELETE /v1/sites/{site}/extensions/{extension}/forward': async ({ caller, site, path, query, now }) =>
    forwardAnswer(caller, path.extension, await clearForward(site, path.extension, query.when, await setters(now))),
  'GET /v1/sites/{site}/extensions/{extension}/dnd': async ({ site, path: { extension } }) =>
    answer(200, dndAnswer(extension, await extensionPhone(site, extension, phones)).body),
  'PUT /v1/sites/{site}/extensions/{extension}/dnd': ({ site, path, now }) => setDnd(site, path.extension, '1', now),
  'DELETE /v1/sites/{site}/extensions/{extension}/dnd': ({ site, path, now }) => setDnd(site, path.extension, '', now),
  'GET /v1/sites/{site}/forwards': async ({ caller, site }) =>
    answer(200, await listForwards(site, phones, showTo(caller))),
  'DELETE /v1/sites/{site}/forwards': async ({ caller, site, now }) => {
    const { isDone, list } = await clearForwards(site, await setters(now), showTo(caller))
    return done(isDone, list)
  },
  'GET /v1/sites/{site}/mailboxes': async ({ site }) => answer(200, await listMailboxes(site, phones)),
})
