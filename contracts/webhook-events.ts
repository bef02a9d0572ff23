import * as v from 'valibot'
import { Cdr } from './cdr.ts'
import { Attack } from './facts.ts'
import { Timestamp } from './names.ts'
import { callExample, cdrExample, endpointExample, timeExample } from './routes/examples.ts'
import type { PersonalArea, Scope } from './scopes.ts'
import {
  CallEventData,
  EndpointEventData,
  FraudSuspected,
  KeyFrozen,
  QueueEventData,
  VerifiedData,
} from './webhook-event-data.ts'

/** What webhooks can send. Adding an event is one entry here, and the code that makes it in functions/domain/webhooks/. */
export interface EventDefinition {
  /** Rises when a field changes its meaning or goes away; new fields do not change it. */
  version: number
  /** When the event is sent, as one sentence. */
  when: string
  /** The scope without which a key gets no such event. */
  needs: Scope
  /** The area of the scope that shows its numbers and names; absent if it has none. */
  personal?: PersonalArea
  data: v.GenericSchema<Record<string, unknown>>
  /** A valid `data`. */
  example: Record<string, unknown>
}

const queueCallerExample = {
  uniqueid: '1795460594.14',
  position: 1,
  number: '0612345678',
  name: '',
  since: timeExample,
}
const { cdrs: _cdrs, ...endedCall } = callExample as typeof callExample & { cdrs?: unknown }
const live = { final: false, extension: '60', party: '+33612345678' }
const started = {
  call: endedCall.call,
  caller: endedCall.caller,
  dialled: endedCall.dialled,
  startedAt: endedCall.startedAt,
  direction: endedCall.direction,
}
const { callsNow: _calls, ...phone } = endpointExample

const callEvent = (when: string, example: Record<string, unknown>): EventDefinition => ({
  version: 1,
  when,
  needs: 'calls:read',
  personal: 'presence',
  data: CallEventData,
  example,
})
const endpointEvent = (when: string, example: Record<string, unknown>): EventDefinition => ({
  version: 1,
  when,
  needs: 'presence:read',
  personal: 'presence',
  data: EndpointEventData,
  example: { ...phone, extension: '60', ...example },
})
const siteEvent = (when: string, data: EventDefinition['data'], example: Record<string, unknown>): EventDefinition => ({
  version: 1,
  when,
  needs: 'webhooks:manage',
  data,
  example,
})

export const webhookEvents = {
  'call.started': callEvent('A call begins.', {
    ...started,
    ...live,
    state: 'dialling',
    callees: [],
    callSeq: '0.1795460594000.1-5c2e10',
  }),
  'call.ringing': callEvent('A phone rings; one event for each phone that rings before the call is answered.', {
    ...started,
    ...live,
    state: 'ringing',
    callees: endedCall.callees,
    callSeq: '1.1795460598000.2-9a03f7',
  }),
  'call.answered': callEvent('A call is answered.', {
    ...started,
    ...live,
    state: 'answered',
    callees: endedCall.callees,
    answeredAt: endedCall.answeredAt,
    callSeq: '1.1795460599000.3-47bd2c',
  }),
  'call.ended': callEvent(
    'A call has ended: at hang-up with `final: false`, and again with `final: true` and a new id when its call records are stored. The final one has what `GET /calls/{id}` answers. If more records of the call arrive later, another final one follows; the greatest `callSeq` wins.',
    { ...endedCall, ...live, final: true, callSeq: '9.0000000001.4' },
  ),
  'call.missed': callEvent(
    'A call that came in or was internal ended without an answer, because the phones rang in vain or the caller gave up. One event a call, `final` or not.',
    {
      ...started,
      ...live,
      state: 'ended',
      callees: endedCall.callees,
      endedAt: endedCall.endedAt,
      result: 'no-answer',
      callSeq: '2.1795460678000.5-e1d864',
    },
  ),
  'cdr.recorded': {
    version: 1,
    when: 'A call detail record was stored.',
    needs: 'cdrs:read',
    personal: 'cdrs',
    data: v.looseObject({ cdr: Cdr }),
    example: { cdr: cdrExample },
  },
  'endpoint.changed': endpointEvent('A phone or trunk has another device state or reachability.', {}),
  'voicemail.changed': endpointEvent('The number of new or old messages in a mailbox has changed.', {
    mailbox: { new: 1, old: 0, since: timeExample },
  }),
  'forwarding.changed': endpointEvent('A forwarding of a phone was set, changed or cleared.', {
    forward: { target: '61', since: timeExample },
  }),
  'dnd.changed': endpointEvent('A phone was set to do not disturb or away, or is no longer.', {
    dnd: { since: timeExample },
  }),
  'queue.changed': {
    version: 1,
    when: 'A queue, a member or a waiting caller came, left or changed. A caller who only moves up makes no event.',
    needs: 'presence:read',
    personal: 'presence',
    data: QueueEventData,
    example: {
      queue: '400',
      id: '400/callers/1795460594.14',
      part: 'caller',
      change: 'added',
      caller: queueCallerExample,
    },
  },
  'pbx.down': siteEvent(
    'The bridge reaches its PBX no longer: Asterisk has stopped or hangs. States are not confirmed until `pbx.up`.',
    v.looseObject({ since: Timestamp }),
    { since: timeExample },
  ),
  'pbx.up': siteEvent(
    'The bridge reaches its PBX again after `pbx.down`.',
    v.looseObject({ since: Timestamp, downSince: Timestamp }),
    {
      since: '2026-11-23T19:03:19.000Z',
      downSince: timeExample,
    },
  ),
  'key.frozen': siteEvent(
    'A key reached a cap of calls and was frozen: it places no call until somebody unfreezes it.',
    KeyFrozen,
    { key: 'k1a2b3c4', cap: 'minute', frozenAt: timeExample },
  ),
  'fraud.suspected': {
    version: 1,
    when: 'Calls to the outside look like toll fraud: they are or were in progress, by API or by phone. One event an hour for each extension.',
    needs: 'calls:read',
    personal: 'presence',
    data: FraudSuspected,
    example: {
      extension: '60',
      reasons: ['new-destination', 'high-risk', 'out-of-hours'],
      call: endedCall.call,
      number: '+5352123456',
      countries: ['CU'],
      calls: 3,
      cost: 1.6,
    },
  },
  'security.attack': siteEvent(
    'An address was refused by the PBX so often that it guesses: 10 times in a minute, or 30 in an hour with three accounts. Again each hour while it goes on. `several` are many addresses that try a few times each, 200 in an hour together.',
    Attack,
    {
      address: '203.0.113.9',
      addresses: 1,
      count: 42,
      from: timeExample,
      to: '2026-11-23T19:03:19.000Z',
      kinds: { InvalidAccountID: 40, ChallengeResponseFailed: 2 },
    },
  ),
  'site.verified': {
    version: 1,
    when: 'A day of the call log was compared with the CDR file of the PBX, as happens each night.',
    needs: 'cdrs:read',
    data: VerifiedData,
    example: { day: '2026-11-22', isEqual: true, pbx: 812, cloud: 812, missing: 0, extra: 0 },
  },
  'bridge.lost': siteEvent(
    'The bridge of the site has sent nothing for 20 seconds, so states may be stale and calls unseen.',
    v.looseObject({ lastHeard: Timestamp }),
    { lastHeard: timeExample },
  ),
  'bridge.connected': siteEvent('The bridge is back after `bridge.lost`.', v.looseObject({ lostSince: Timestamp }), {
    lostSince: timeExample,
  }),
  'bridge.gap': siteEvent(
    'The bridge may have missed events of the PBX in this time. The current states follow; call records are not lost.',
    v.looseObject({ from: Timestamp, to: Timestamp, reason: v.string() }),
    { from: timeExample, to: '2026-11-23T19:03:19.000Z', reason: 'the connection to Asterisk was lost' },
  ),
  'webhook.test': siteEvent(
    'Someone asked for a test of this webhook. It is sent whatever the types and filters of the webhook are.',
    v.looseObject({ message: v.string() }),
    { message: 'This is a test.' },
  ),
} as const satisfies Record<string, EventDefinition>

export type WebhookEventType = keyof typeof webhookEvents
export const webhookEventTypes: readonly WebhookEventType[] = Object.keys(webhookEvents).filter(isEventType)

export function isEventType(text: string): text is WebhookEventType {
  return Object.hasOwn(webhookEvents, text)
}

export function eventDefinition(type: WebhookEventType): EventDefinition {
  return webhookEvents[type]
}

/** Whether a pattern names the type: the type itself, `call.*` or `*`. Tests are named by no pattern. */
export function typeMatches(pattern: string, type: WebhookEventType): boolean {
  if (pattern === '*') return type !== 'webhook.test'
  return pattern.endsWith('.*') ? type.startsWith(pattern.slice(0, -1)) && type !== 'webhook.test' : pattern === type
}

/** An event as it is sent: CloudEvents 1.0 in structured JSON (https://github.com/cloudevents/spec, v1.0.2). */
export const WebhookEvent = v.looseObject({
  specversion: v.literal('1.0'),
  id: v.string(),
  source: v.string(),
  type: v.picklist(webhookEventTypes),
  subject: v.optional(v.string()),
  time: Timestamp,
  datacontenttype: v.literal('application/json'),
  dataschema: v.string(),
  data: v.looseObject({}),
})
export type WebhookEvent = v.InferOutput<typeof WebhookEvent>
