import * as v from 'valibot'
import { Cdr } from '../../../contracts/cdr.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { WebhookFormat } from '../../../contracts/webhook.ts'
import {
  CallEventData,
  EndpointEventData,
  FraudSuspected,
  QueueEventData,
} from '../../../contracts/webhook-event-data.ts'
import { eventDefinition, type WebhookEvent } from '../../../contracts/webhook-events.ts'
import { archivedCallShape, cdrShape, endpointShape, queueCallerShape, queueMemberShape } from '../personal/shapes.ts'
import { hide, type PersonalShape, type Reader, seesPersonal } from '../personal.ts'
import { chatBody } from './chat-formats.ts'
import { chatMessage } from './chat-message.ts'
import type { StoredEvent } from './event.ts'

const callShape: PersonalShape<CallEventData> = {
  ...archivedCallShape,
  callSeq: 'shown',
  final: 'shown',
  party: 'number',
  extension: 'number',
}
const endpointEventShape: PersonalShape<EndpointEventData> = { ...endpointShape, extension: 'shown' }
const queueShape: PersonalShape<QueueEventData> = {
  queue: 'shown',
  id: 'shown',
  part: 'shown',
  change: 'shown',
  strategy: 'shown',
  member: queueMemberShape,
  caller: queueCallerShape,
}
const fraudShape: PersonalShape<FraudSuspected> = {
  extension: 'extension',
  reasons: 'shown',
  call: 'shown',
  number: 'number',
  countries: 'shown',
  calls: 'shown',
  cost: 'shown',
}

/** Whether a key still has the scope that an event needs. */
export function mayGet({ type }: Pick<StoredEvent, 'type'>, reader: Reader): boolean {
  const { needs } = eventDefinition(type)
  return 'has' in reader.scopes ? reader.scopes.has(needs) : reader.scopes.includes(needs)
}

/** Returns the data of an event as its reader may see it: the final events of a call have the call log's scope. */
export function visibleData(event: StoredEvent, reader: Reader): Record<string, unknown> {
  const { personal } = eventDefinition(event.type)
  const area = personal === 'presence' && event.data['final'] === true ? 'calls' : personal
  return area === undefined || seesPersonal(reader, area) ? event.data : hiddenData(event)
}

function hiddenData({ type, data }: StoredEvent): Record<string, unknown> {
  if (type.startsWith('call.')) return hide(callShape, v.parse(CallEventData, data))
  if (type === 'cdr.recorded') return { cdr: hide(cdrShape, v.parse(Cdr, data['cdr'])) }
  if (type === 'fraud.suspected') return hide(fraudShape, v.parse(FraudSuspected, data))
  if (type === 'queue.changed') return hide(queueShape, v.parse(QueueEventData, data))
  return hide(endpointEventShape, v.parse(EndpointEventData, data))
}

/** Returns the body of a request in the format of its webhook, without what the reader may not see. */
export function renderBody(site: SiteId, event: StoredEvent, reader: Reader, format: WebhookFormat): string {
  if (format === 'standard') return renderEvent(site, event, reader)
  return chatBody(format, site, chatMessage(event, visibleData(event, reader)))
}

/** Returns the event in CloudEvents' structured JSON, without what the reader may not see. */
export function renderEvent(site: SiteId, event: StoredEvent, reader: Reader): string {
  const { id, type, time, subject } = event
  const sent: WebhookEvent = {
    specversion: '1.0',
    id,
    source: `/sites/${site}`,
    type,
    ...(subject !== undefined && { subject }),
    time,
    datacontenttype: 'application/json',
    dataschema: `urn:switchhook:event:${type}:${eventDefinition(type).version}`,
    data: visibleData(event, reader),
  }
  return JSON.stringify(sent)
}
