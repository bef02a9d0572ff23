import type { SiteId } from '../../../contracts/names.ts'
import type { Delivery, Webhook } from '../../../contracts/webhook.ts'
import { hidden, type Reader, seesPersonal } from '../../domain/personal.ts'
import type { TargetState } from '../../domain/webhooks/admission.ts'
import { publicKeyOf } from '../../domain/webhooks/signature.ts'
import type { DeliveryRow } from '../../stores/webhook-deliveries.ts'
import type { WebhookRow } from '../../stores/webhooks.ts'
import { HttpProblemError } from '../problem.ts'

const moment = (ms: number) => new Date(ms).toISOString()

/** A webhook without its secrets: the values of its headers, and the URL of a chat, may be credentials of the receiver. */
export function showWebhook(row: WebhookRow, target: Pick<TargetState, 'failingSince'>, now: number): Webhook {
  const { id, url, types, format, filters, description, headers, perSecond, contentType, enabled, key, createdAt } = row
  const { disabledAt, disabledBecause, older, signingKey, verify, verified = false, allowedPerMinute, ordering } = row
  const { failingSince } = target
  return {
    id,
    url: format === 'standard' ? url : `${new URL(url).origin}/${hidden}`,
    types,
    format,
    ...(filters && { filters }),
    ...(description !== undefined && { description }),
    ...(headers && { headers: Object.keys(headers) }),
    perSecond,
    contentType,
    enabled,
    ...(disabledAt !== undefined && { disabledAt: moment(disabledAt) }),
    ...(disabledBecause !== undefined && { disabledBecause }),
    ...(failingSince !== undefined && { failingSince: moment(failingSince) }),
    ...(ordering !== undefined && { ordering }),
    ...(verify && { verified }),
    ...(allowedPerMinute !== undefined && { allowedPerMinute }),
    key,
    createdAt: moment(createdAt),
    ...(signingKey !== undefined && { publicKey: publicKeyOf(signingKey) }),
    ...(older && older.until > now && { secretsUntil: moment(older.until) }),
  }
}

/** A delivery as a caller may see it: a receiver may have answered with numbers that it got. */
export function showDelivery(row: DeliveryRow, reader: Reader): Delivery {
  const { id, event, type, time, state, failed, tries, nextTryAt, answer } = row
  const seesAll = seesPersonal(reader, 'presence') && seesPersonal(reader, 'calls')
  return {
    id,
    event,
    type,
    time,
    state,
    ...(failed !== undefined && { failed }),
    tries,
    ...(nextTryAt !== undefined && { nextTryAt: moment(nextTryAt) }),
    ...(answer !== undefined && { answer: seesAll ? answer : hidden }),
  }
}

export interface WebhookFinder {
  find(site: SiteId, id: string): Promise<WebhookRow | undefined>
}

/** @throws HttpProblemError 404 */
export async function existingWebhook(site: SiteId, id: string, webhooks: WebhookFinder): Promise<WebhookRow> {
  const row = await webhooks.find(site, id)
  if (!row || row.listensUntil !== undefined)
    throw new HttpProblemError(404, 'webhook-unknown', 'The site has no such webhook.')
  return row
}
