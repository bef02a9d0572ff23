import * as v from 'valibot'
import { field } from '../field.ts'
import {
  Delivery,
  DeliveryPage,
  DeliveryState,
  Replay,
  ReplayRequest,
  Webhook,
  WebhookChange,
  WebhookList,
  WebhookMade,
  WebhookRequest,
} from '../webhook.ts'
import { deliveryExample, timeExample, webhookExample } from './examples.ts'
import { cursor, pageLimit, sitePath } from './parameters.ts'
import type { RouteGroup } from './route.ts'
import { cursorInvalid, scopeNotHeld } from './route-errors.ts'

const webhookPath = { ...sitePath, webhook: field(v.string(), 'Id of the webhook.', webhookExample.id) }
const deliveryPath = { ...webhookPath, delivery: field(v.string(), 'Id of the delivery.', deliveryExample.id) }
const webhookUnknown = { 'webhook-unknown': { status: 404, when: 'The site has no such webhook.' } }
const webhookChanged = {
  'webhook-changed': { status: 412, when: 'The webhook was changed since it was read: read it again.' },
}
const ifMatch = v.looseObject({
  'if-match': v.optional(
    field(v.string(), 'ETag of the webhook as it was read; 412 is answered if it has changed since.', '"2b7e"'),
  ),
})
const idempotencyKey = v.looseObject({
  'idempotency-key': v.optional(
    field(
      v.string(),
      'A random key of 1 to 255 visible characters. Sending a request again with its key within 24 hours makes no second webhook.',
      '3f9a8c1e5b7d42a0',
    ),
  ),
})
const DeliveryQuery = v.looseObject({
  state: v.optional(field(DeliveryState, 'Only deliveries in this state.', 'failed')),
  cursor: v.optional(cursor),
  limit: v.optional(pageLimit),
})
export type DeliveryQuery = v.InferOutput<typeof DeliveryQuery>

const secretExample = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX'

export const webhookRoutes = {
  'POST /v1/sites/{site}/webhooks': {
    summary: 'Makes a webhook: events of the site are posted to its URL. Only this answer shows its secret.',
    function: 'webhooks',
    needs: 'webhooks:manage',
    path: sitePath,
    headers: idempotencyKey,
    body: WebhookRequest,
    answers: { 201: WebhookMade },
    errors: {
      ...scopeNotHeld,
      'webhook-limit': { status: 409, when: 'The site has its maximum of 50 webhooks: delete one first.' },
      'idempotency-key-reused': { status: 422, when: 'This Idempotency-Key was sent with another body before.' },
    },
    example: {
      body: { url: webhookExample.url, types: webhookExample.types },
      answer: { ...webhookExample, secret: secretExample },
    },
  },
  'GET /v1/sites/{site}/webhooks': {
    summary: 'Lists the webhooks of the site.',
    function: 'webhooks',
    needs: 'webhooks:manage',
    path: sitePath,
    answers: { 200: WebhookList },
    example: { answer: { webhooks: [webhookExample] } },
  },
  'GET /v1/sites/{site}/webhooks/{webhook}': {
    summary: 'Answers one webhook with its ETag.',
    function: 'webhooks',
    needs: 'webhooks:manage',
    path: webhookPath,
    answers: { 200: Webhook },
    errors: webhookUnknown,
    example: { answer: webhookExample },
  },
  'PATCH /v1/sites/{site}/webhooks/{webhook}': {
    summary:
      'Changes a webhook; fields that the body does not name stay. Its events then show what the changing key may see.',
    function: 'webhooks',
    needs: 'webhooks:manage',
    path: webhookPath,
    headers: ifMatch,
    body: WebhookChange,
    answers: { 200: Webhook },
    errors: { ...webhookUnknown, ...webhookChanged, ...scopeNotHeld },
    example: { body: { enabled: false }, answer: { ...webhookExample, enabled: false } },
  },
  'DELETE /v1/sites/{site}/webhooks/{webhook}': {
    summary: 'Deletes a webhook. Nothing more is sent to it.',
    function: 'webhooks',
    needs: 'webhooks:manage',
    path: webhookPath,
    headers: ifMatch,
    answers: { 204: v.undefined() },
    errors: { ...webhookUnknown, ...webhookChanged },
    example: {},
  },
  'POST /v1/sites/{site}/webhooks/{webhook}/secret/rotate': {
    summary: 'Gives a webhook a new secret. For 24 hours each request has a signature by the old one too.',
    function: 'webhooks',
    needs: 'webhooks:manage',
    path: webhookPath,
    answers: { 200: WebhookMade },
    errors: {
      ...webhookUnknown,
      ...scopeNotHeld,
      'rotation-running': { status: 409, when: 'A rotation of the last 24 hours is not over yet.' },
      'webhook-changed': { status: 412, when: 'The webhook was changed at the same time: send the request again.' },
    },
    example: { answer: { ...webhookExample, secret: secretExample } },
  },
  'POST /v1/sites/{site}/webhooks/{webhook}/test': {
    summary: 'Sends an event webhook.test to the receiver, also if the webhook is disabled.',
    function: 'webhooks',
    needs: 'webhooks:manage',
    path: webhookPath,
    answers: { 202: Delivery },
    errors: webhookUnknown,
    example: { answer: { ...deliveryExample, type: 'webhook.test', state: 'pending', tries: [] } },
  },
  'GET /v1/sites/{site}/webhooks/{webhook}/deliveries': {
    summary: 'Lists what was sent to the receiver in the last 30 days, with every try.',
    function: 'webhooks',
    needs: 'webhooks:manage',
    personal: 'presence',
    path: webhookPath,
    query: DeliveryQuery,
    answers: { 200: DeliveryPage },
    errors: { ...webhookUnknown, ...cursorInvalid },
    example: { answer: { deliveries: [deliveryExample] } },
  },
  'POST /v1/sites/{site}/webhooks/{webhook}/deliveries/{delivery}/resend': {
    summary: 'Sends an event of the last 30 days again, with its id, also if the webhook is disabled.',
    function: 'webhooks',
    needs: 'webhooks:manage',
    path: deliveryPath,
    answers: { 202: Delivery },
    errors: {
      ...webhookUnknown,
      'delivery-unknown': { status: 404, when: 'The webhook has no such delivery, or no longer has it.' },
      'delivery-pending': { status: 409, when: 'The delivery is still being tried.' },
    },
    example: { answer: { ...deliveryExample, state: 'pending' } },
  },
  'POST /v1/sites/{site}/webhooks/{webhook}/replay': {
    summary:
      'Sends deliveries of a time or state again, with the ids of their events. Without `count` it only answers how many there are.',
    function: 'webhooks',
    needs: 'webhooks:manage',
    path: webhookPath,
    body: ReplayRequest,
    answers: { 200: Replay, 202: Replay },
    errors: {
      ...webhookUnknown,
      'replay-count': { status: 409, when: 'More deliveries match than `count` allows: read their number again.' },
      'webhook-disabled': { status: 409, when: 'The webhook is disabled: enable it first.' },
    },
    example: { body: { from: timeExample, count: 250 }, answer: { count: 250, isMore: false, started: true } },
  },
} as const satisfies RouteGroup
