import * as v from 'valibot'
import { CallResult } from './call-result.ts'
import { Direction } from './calls.ts'
import { field } from './field.ts'
import { Timestamp } from './names.ts'
import { maxCodePoints } from './text.ts'
import { typeMatches, webhookEventTypes } from './webhook-events.ts'

export const webhooksOfSiteMax = 50
const typesMax = 20
const headersMax = 10
const list = <S extends v.GenericSchema>(item: S, most: number) =>
  v.pipe(v.array(item), v.minLength(1, 'Empty: leave the field out.'), v.maxLength(most, `Too many: at most ${most}.`))

const type = v.pipe(
  v.string(),
  maxCodePoints(60, 'Too long for a type. Example: call.ended.'),
  v.check(
    (text) => webhookEventTypes.some((known) => typeMatches(text, known)),
    `Not a type of event. Examples: call.ended, call.*, *. All are: ${webhookEventTypes.join(', ')}.`,
  ),
)
const url = field(
  v.string('Not an address. Example: https://example.com/hook.'),
  'Address of the receiver: https, port 443 or 8443, on the public internet.',
  'https://example.com/hook',
)
const types = field(v.pipe(list(type, typesMax)), 'Types of events; `call.*` names all of a group and `*` all types.', [
  'call.ended',
  'bridge.*',
])
const name = v.pipe(v.string(), v.minLength(1, 'Empty. Example: 60.'), maxCodePoints(100, 'Too long. Example: 60.'))
const Filters = v.strictObject({
  extensions: v.optional(field(list(name, 200), 'Only events about one of these extensions or endpoints.', ['60'])),
  directions: v.optional(field(list(Direction, 3), 'Only calls in one of these directions.', ['inbound'])),
  results: v.optional(
    field(list(CallResult, 10), 'Of ended calls, only those with one of these results.', ['no-answer']),
  ),
  queues: v.optional(field(list(name, 200), 'Only events about one of these queues of the PBX.', ['400'])),
})
export type WebhookFilters = v.InferOutput<typeof Filters>
const filters = field(Filters, 'Leaves out events. An event without the filtered field passes.', {
  directions: ['inbound'],
})

/** Headers that HTTP, the signature or CloudEvents set themselves. */
const reservedHeader =
  /^(webhook-.*|ce-.*|content-(type|length|encoding)|host|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|expect|user-agent|date)$/i
const headers = field(
  v.pipe(
    v.record(
      v.pipe(
        v.string(),
        v.regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/, 'Not the name of a header. Example: authorization.'),
        v.check((name) => !reservedHeader.test(name), 'This header is set by the sender itself: choose another name.'),
      ),
      v.pipe(v.string(), v.regex(/^[\x20-\x7e]{1,1000}$/, 'Not a value of 1 to 1,000 visible ASCII characters.')),
    ),
    v.maxEntries(headersMax, `Too many headers: at most ${headersMax}.`),
  ),
  'Headers of your own that each request carries. Answers show their names and not their values.',
  { authorization: 'Bearer 3f9a8c1e' },
)
const perSecond = field(
  v.pipe(
    v.number(),
    v.integer('Not a whole number. Example: 10.'),
    v.minValue(1, 'Too small: at least 1.'),
    v.maxValue(100, 'Too large: at most 100.'),
  ),
  'Requests a second that the receiver takes, from 1 to 100; 10 by default.',
  10,
)
const description = field(
  v.pipe(v.string(), maxCodePoints(200, 'Too long: at most 200 characters.')),
  'A note for people.',
  'finished calls to the CRM',
)
const contentType = field(
  v.picklist(
    ['application/cloudevents+json', 'application/json'],
    'Neither application/cloudevents+json nor application/json.',
  ),
  '`application/cloudevents+json` by default. Express does not parse it by itself: choose `application/json` if your receiver cannot be changed.',
  'application/json',
)

export const WebhookFormat = v.picklist(['standard', 'slack', 'teams'], 'Neither standard, slack nor teams.')
export type WebhookFormat = v.InferOutput<typeof WebhookFormat>
const format = field(
  WebhookFormat,
  '`slack` and `teams` post a message for people to an incoming webhook of Slack or a Teams workflow, once a second by default. Their URL is a secret: it is not shown again.',
  'slack',
)

const asymmetric = field(
  v.boolean(),
  'True adds a signature by Ed25519 (`v1a`), which your receiver verifies with a public key instead of a secret. False ends that; the next true makes a new key.',
  true,
)

const verify = field(
  v.boolean(),
  'True sends nothing before the receiver has answered an `OPTIONS` request with `WebHook-Allowed-Origin`, as CloudEvents asks of webhooks. Most receivers do not: false by default.',
  true,
)

const ordering = field(
  v.picklist(['none', 'call'], 'Neither none nor call.'),
  '`call` sends the events of a call one after the other: the next one is not tried before the one before is delivered or given up.',
  'call',
)

const settings = {
  filters: v.optional(filters),
  description: v.optional(description),
  headers: v.optional(headers),
  perSecond: v.optional(perSecond),
  contentType: v.optional(contentType),
  asymmetric: v.optional(asymmetric),
  verify: v.optional(verify),
  ordering: v.optional(ordering),
}
export const WebhookRequest = v.strictObject({
  url,
  types,
  format: v.optional(format),
  ...settings,
  secret: v.optional(
    field(
      v.pipe(v.string(), v.maxLength(100, 'Too long for a secret.')),
      'A secret of your own: `whsec_` and the base64 of 24 to 64 random bytes. One is made by default.',
      'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX',
    ),
  ),
})
export type WebhookRequest = v.InferOutput<typeof WebhookRequest>
export const WebhookChange = v.strictObject({
  url: v.optional(url),
  types: v.optional(types),
  ...settings,
  enabled: v.optional(
    field(v.boolean(), 'False stops deliveries and keeps events for 7 days; true starts them again.', true),
  ),
})
export type WebhookChange = v.InferOutput<typeof WebhookChange>

const whole = v.pipe(v.number(), v.integer(), v.minValue(0))
export const Webhook = v.looseObject({
  id: field(v.string(), 'Id of the webhook.'),
  url: field(v.string(), 'Only its host for the formats `slack` and `teams`, whose URLs are secrets.'),
  types: v.array(v.string()),
  format: WebhookFormat,
  filters: v.optional(v.looseObject(Filters.entries)),
  description: v.optional(v.string()),
  headers: v.optional(field(v.array(v.string()), 'Names of its own headers.')),
  perSecond: v.number(),
  contentType: v.string(),
  enabled: v.boolean(),
  disabledAt: v.optional(Timestamp),
  disabledBecause: v.optional(
    field(
      v.picklist(['asked', 'gone', 'failing']),
      '`gone`: the receiver answered 410. `failing`: every try failed for five days.',
    ),
  ),
  failingSince: v.optional(field(Timestamp, 'Since when every try fails.')),
  key: field(v.string(), 'Prefix of the key that made or last changed it. Events show what this key may see.'),
  createdAt: Timestamp,
  publicKey: v.optional(
    field(
      v.string(),
      'Verifies the `v1a` signatures: `whpk_` and the base64 of an Ed25519 public key. It is no secret.',
    ),
  ),
  verified: v.optional(
    field(
      v.boolean(),
      'Only with `verify`: whether the receiver has agreed to get events. Until then each try asks it.',
    ),
  ),
  allowedPerMinute: v.optional(field(v.number(), 'Requests a minute that the receiver named when it agreed.')),
  ordering: v.optional(v.string()),
  secretsUntil: v.optional(field(Timestamp, 'Until when the secret before the last rotation signs too.')),
})
export type Webhook = v.InferOutput<typeof Webhook>
export const WebhookMade = v.looseObject({
  ...Webhook.entries,
  secret: field(v.string(), 'Verifies the signatures. It is shown once: store it.'),
})
export type WebhookMade = v.InferOutput<typeof WebhookMade>
export const WebhookList = v.looseObject({ webhooks: v.array(Webhook) })

export const DeliveryState = v.picklist(['pending', 'delivered', 'failed', 'held'])
export type DeliveryState = v.InferOutput<typeof DeliveryState>
export const DeliveryTry = v.looseObject({
  at: Timestamp,
  ms: field(whole, 'How long it took.'),
  status: v.optional(field(whole, 'Status that the receiver answered; absent without an answer.')),
  error: v.optional(field(v.string(), 'Why there was no answer, such as `ECONNREFUSED`, or why it does not count.')),
})
export type DeliveryTry = v.InferOutput<typeof DeliveryTry>
export const Delivery = v.looseObject({
  id: field(v.string(), 'Id of the delivery in this log.'),
  event: field(v.string(), 'Id of the event: `webhook-id` of every try.'),
  type: v.string(),
  time: field(Timestamp, 'When the event happened.'),
  state: field(
    DeliveryState,
    '`held`: the webhook was disabled. It is sent if you resend it; events of a disabled webhook are held for 7 days.',
  ),
  failed: v.optional(field(v.string(), 'Why it will not be tried again.')),
  tries: field(v.array(DeliveryTry), 'Tries, oldest first, the last 20.'),
  nextTryAt: v.optional(Timestamp),
  answer: v.optional(field(v.string(), 'The first 4 KB that the receiver answered to the last try.')),
})
export type Delivery = v.InferOutput<typeof Delivery>
export const DeliveryPage = v.looseObject({
  deliveries: field(v.array(Delivery), 'Deliveries, newest event first.'),
  cursor: v.optional(field(v.string(), 'Cursor of the next page; absent on the last one.')),
})
export type DeliveryPage = v.InferOutput<typeof DeliveryPage>

const replayStates = ['failed', 'held', 'delivered'] as const
export const ReplayRequest = v.strictObject({
  from: v.optional(field(Timestamp, 'Only events that happened at this time or later.', '2026-11-23T19:00:00Z')),
  to: v.optional(field(Timestamp, 'Only events that happened before this time; now by default.')),
  states: v.optional(
    field(list(v.picklist(replayStates, 'Neither failed, held nor delivered.'), 3), 'Failed and held ones by default.'),
  ),
  types: v.optional(types),
  count: v.optional(
    field(
      v.pipe(v.number(), v.integer('Not a whole number. Example: 250.'), v.minValue(1, 'Too small: at least 1.')),
      'Starts the replay if no more deliveries than this match. Without it, the answer only has their number.',
      250,
    ),
  ),
})
export type ReplayRequest = v.InferOutput<typeof ReplayRequest>
export const Replay = v.looseObject({
  count: field(whole, 'Deliveries that match. They are sent oldest first, at the rate of the webhook.'),
  isMore: field(
    v.boolean(),
    'True if there are more: those counted are the oldest, and the others need another replay.',
  ),
  started: field(v.boolean(), 'False until a request confirms the count.'),
})
export type Replay = v.InferOutput<typeof Replay>
