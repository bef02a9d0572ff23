import { secrets } from '../../secrets.ts'
import { httpHandler } from '../http-handler.ts'
import { answer } from '../request.ts'
import { changeWebhook, deleteWebhook, getWebhook, rotateSecret } from './change-webhook.ts'
import { listDeliveries, resendDelivery, testWebhook } from './deliveries.ts'
import { createDependencies } from './dependencies.ts'
import { listWebhooks } from './list-webhooks.ts'
import { listenerHandlers, webhookGroups } from './listener-handlers.ts'
import { makeWebhook } from './make-webhook.ts'
import { replayDeliveries, started } from './replay.ts'

const all = createDependencies()
const listeners = listenerHandlers(all)

export const handler = httpHandler(webhookGroups, 'webhooks', {
  'POST /v1/sites/{site}/webhooks': async ({ site, body, headers, caller, now }) =>
    answer(201, await makeWebhook(site, body, headers['idempotency-key'], { ...all, caller, now })),
  'GET /v1/sites/{site}/webhooks': async ({ site, now }) => answer(200, await listWebhooks(site, { ...all, now })),
  'GET /v1/sites/{site}/webhooks/{webhook}': async ({ site, path, now }) =>
    answer(200, ...(await getWebhook(site, path.webhook, { ...all, now }))),
  'PATCH /v1/sites/{site}/webhooks/{webhook}': async ({ site, path, body, headers, caller, now }) =>
    answer(200, ...(await changeWebhook(site, path.webhook, body, headers, { ...all, caller, now }))),
  'DELETE /v1/sites/{site}/webhooks/{webhook}': async ({ site, path, headers }) =>
    answer(204, await deleteWebhook(site, path.webhook, headers, all)),
  'POST /v1/sites/{site}/webhooks/{webhook}/secret/rotate': async ({ site, path, caller, now }) =>
    answer(200, await rotateSecret(site, path.webhook, { ...all, caller, now })),
  'POST /v1/sites/{site}/webhooks/{webhook}/test': async ({ site, path, caller, now }) =>
    answer(202, await testWebhook(site, path.webhook, { ...all, caller, now })),
  'GET /v1/sites/{site}/webhooks/{webhook}/deliveries': async ({ site, path, query, caller }) => {
    const { cursorKey } = await secrets()
    return answer(200, await listDeliveries(site, path.webhook, query, { ...all, caller, cursorKey }))
  },
  'POST /v1/sites/{site}/webhooks/{webhook}/deliveries/{delivery}/resend': async ({ site, path, caller, now }) =>
    answer(202, await resendDelivery(site, path, { ...all, caller, now })),
  'POST /v1/sites/{site}/webhooks/{webhook}/replay': async ({ site, path, body, now }) =>
    answer(...started(await replayDeliveries(site, path.webhook, body, { ...all, now }))),
  'POST /v1/sites/{site}/listeners': listeners.make,
  'GET /v1/sites/{site}/listeners/{listener}/requests': listeners.read,
  'DELETE /v1/sites/{site}/listeners/{listener}': listeners.end,
})
