import * as v from 'valibot'
import { Call } from './calls.ts'
import { EndpointState } from './facts.ts'
import { field } from './field.ts'
import { fraudReasons } from './fraud.ts'
import { Timestamp } from './names.ts'
import { QueueCaller, QueueMember } from './queues.ts'

/** `data` of the webhook events that several types share, or that have fields of their own. */

const number = (description: string) => v.optional(field(v.pipe(v.string(), v.maxLength(200)), description))

const callFields = {
  ...Call.entries,
  callSeq: field(
    v.pipe(v.string(), v.maxLength(40)),
    'Orders the events of one call: compare it as text. Do not order by `time`, since several computers set it.',
    '1.1795460599000.3-47bd2c',
  ),
  final: field(v.boolean(), 'False for what the PBX reported live, true once the call records are stored. They win.'),
  extension: number('The extension of the site that the event is about: the phone that rings, answered or was called.'),
  party: number(
    'The number outside of the site, in E.164 where it is a telephone number; absent for an internal call.',
  ),
}
export const CallEventData = v.looseObject(callFields)
export type CallEventData = v.InferOutput<typeof CallEventData>

export const EndpointEventData = v.looseObject({
  ...EndpointState.entries,
  extension: number('The extension of the phone; absent for a trunk.'),
})
export type EndpointEventData = v.InferOutput<typeof EndpointEventData>
export const QueueEventData = v.looseObject({
  queue: v.string(),
  id: field(v.string(), 'Id of the queue, member or caller, as in the queues of the WebSocket.', '400/members/3'),
  part: v.picklist(['queue', 'member', 'caller']),
  change: v.picklist(['added', 'changed', 'removed']),
  strategy: v.optional(v.string()),
  member: v.optional(field(QueueMember, 'The member after the change; absent if it was removed.')),
  caller: v.optional(field(QueueCaller, 'The waiting caller; absent if the caller has left.')),
})
export type QueueEventData = v.InferOutput<typeof QueueEventData>
const count = v.pipe(v.number(), v.integer(), v.minValue(0))
export const VerifiedData = v.looseObject({
  day: field(v.string(), "Day in the site's time zone."),
  isEqual: field(v.boolean(), 'Whether both sides have the same CDRs.'),
  pbx: field(count, 'CDRs of the PBX.'),
  cloud: field(count, 'CDRs of the call log.'),
  missing: field(count, 'CDRs that only the PBX has.'),
  extra: field(count, 'CDRs that only the call log has.'),
})
export const KeyFrozen = v.looseObject({
  key: field(v.string(), 'Prefix of the key.'),
  cap: field(v.picklist(['at-once', 'minute', 'day']), 'The cap that it reached.'),
  frozenAt: Timestamp,
})
export type KeyFrozen = v.InferOutput<typeof KeyFrozen>
export const FraudSuspected = v.looseObject({
  extension: field(
    v.pipe(v.string(), v.maxLength(200)),
    'The extension that called, or whose calls are forwarded; the endpoint where the PBX names none; `outside` for callers from outside whom the dial plan connects to the outside.',
    '60',
  ),
  reasons: field(v.array(v.picklist(fraudReasons)), 'What made the calls suspicious; docs/fraud.md explains each.', [
    'new-destination',
    'high-risk',
    'out-of-hours',
  ]),
  call: field(v.string(), 'Id of the call that completed the picture.', '1795460594.14'),
  number: field(
    v.string(),
    'The number that this call leads to, in E.164 where it is a telephone number.',
    '+5352123456',
  ),
  countries: field(v.array(v.string()), 'Countries of the suspected calls (ISO 3166-1), where their numbers tell.', [
    'CU',
  ]),
  calls: field(count, 'Suspected calls so far.', 3),
  cost: field(
    v.pipe(v.number(), v.minValue(0)),
    'Estimated cost of the calls of the extension within a day, in the currency of the prices of the site.',
    1.6,
  ),
})
export type FraudSuspected = v.InferOutput<typeof FraudSuspected>
