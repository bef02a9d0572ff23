import * as v from 'valibot'
import { field } from './field.ts'
import { Timestamp } from './names.ts'
import { WebhookRequest } from './webhook.ts'

/** A listener that is not read for this long ends by itself. */
export const listenerMsMax = 300_000
export const listenersOfSiteMax = 10
/** Requests of one answer. */
export const listenedMax = 50

const { types, filters } = WebhookRequest.entries
export const ListenerRequest = v.strictObject({ types, filters })
export type ListenerRequest = v.InferOutput<typeof ListenerRequest>

const secret = field(v.string(), 'Verifies the signatures. It is shown once.')
export const ListenerMade = v.looseObject({
  id: field(v.string(), 'Id of the listener.'),
  secret,
  expiresAt: field(Timestamp, 'When it ends unless its requests are read again before: in 5 minutes.'),
  cursor: field(v.string(), 'Where its requests begin.'),
})
export type ListenerMade = v.InferOutput<typeof ListenerMade>

const ListenedRequest = v.looseObject({
  event: field(v.string(), 'Id of the event. It can come twice: one that you have is no news.'),
  type: v.string(),
  time: field(Timestamp, 'When the event happened.'),
  headers: field(v.record(v.string(), v.string()), 'Headers that a webhook would send now, with the signature.'),
  body: field(v.string(), 'The signed body.'),
})
export type ListenedRequest = v.InferOutput<typeof ListenedRequest>
export const ListenedPage = v.looseObject({
  requests: field(v.array(ListenedRequest), `Up to ${listenedMax} requests, oldest first.`),
  cursor: field(v.string(), 'Where the next read begins. It is some seconds behind, so that no late event is missed.'),
  isMore: field(v.boolean(), 'True if there are more now.'),
})
export type ListenedPage = v.InferOutput<typeof ListenedPage>
