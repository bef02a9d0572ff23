import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import { pageRowsDefault } from '../../../contracts/limits.ts'
import type { SiteId } from '../../../contracts/names.ts'
import type { DeliveryQuery } from '../../../contracts/routes/webhooks.ts'
import { type Delivery, type DeliveryPage, DeliveryState } from '../../../contracts/webhook.ts'
import type { Reader } from '../../domain/personal.ts'
import type { StoredEvent } from '../../domain/webhooks/event.ts'
import type { DelayedDelivery } from '../../gateways/delivery-queue.ts'
import { type DeliveryRow, newDelivery, nextTry } from '../../stores/webhook-deliveries.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import { HttpProblemError } from '../problem.ts'
import { existingWebhook, showDelivery, type WebhookFinder } from './show-webhook.ts'

export interface DeliveryLog {
  page(
    site: SiteId,
    webhook: string,
    options: { before?: string | undefined; limit: number; state?: DeliveryState | undefined },
  ): Promise<{ rows: DeliveryRow[]; next: string | undefined }>
  find(site: SiteId, webhook: string, id: string): Promise<DeliveryRow | undefined>
  putEvent(site: SiteId, event: StoredEvent, now: number): Promise<StoredEvent>
  create(site: SiteId, row: DeliveryRow): Promise<boolean>
  replace(site: SiteId, row: DeliveryRow, seen: Pick<DeliveryRow, 'n' | 'round'>): Promise<boolean>
}
interface DeliveryDependencies {
  caller: Reader
  webhooks: WebhookFinder
  deliveries: DeliveryLog
  queue: { send(deliveries: readonly DelayedDelivery[]): Promise<void> }
  now: number
}

/** A delivery whose try is overdue by this much can be resent: its message may have been lost with a process. */
const stuckMs = 3_600_000

const Position = v.object({ webhook: v.string(), before: v.string(), state: v.optional(DeliveryState) })

export async function listDeliveries(
  site: SiteId,
  webhook: string,
  query: DeliveryQuery,
  { caller, webhooks, deliveries, cursorKey }: Omit<DeliveryDependencies, 'queue' | 'now'> & { cursorKey: string },
): Promise<DeliveryPage> {
  await existingWebhook(site, webhook, webhooks)
  const position =
    query.cursor === undefined
      ? undefined
      : readCursor(`deliveries ${webhook}`, site, Position, query.cursor, cursorKey)
  const { limit = pageRowsDefault } = query
  const state = position ? position.state : query.state
  const { rows, next } = await deliveries.page(site, webhook, { before: position?.before, limit, state })
  const shown = rows.map((row) => showDelivery(row, caller))
  if (next === undefined) return { deliveries: shown }
  const after = { webhook, before: next, ...(state !== undefined && { state }) }
  return { deliveries: shown, cursor: writeCursor(`deliveries ${webhook}`, site, after, cursorKey) }
}

/** Sends a test event to a webhook, also if it is disabled or does not want the type. */
export async function testWebhook(
  site: SiteId,
  webhook: string,
  { caller, webhooks, deliveries, queue, now }: DeliveryDependencies,
): Promise<Delivery> {
  await existingWebhook(site, webhook, webhooks)
  const time = new Date(now).toISOString()
  const id = `evt_${randomUUID().replaceAll('-', '')}`
  const message = 'Someone asked for this test over the API. If you can verify its signature, your receiver works.'
  const event: StoredEvent = { id, type: 'webhook.test', time, data: { message } }
  await deliveries.putEvent(site, event, now)
  const row: DeliveryRow = { ...newDelivery(webhook, event, 'pending', now), isForced: true }
  await deliveries.create(site, row)
  await queue.send([{ message: nextTry(site, row), delaySeconds: 0 }])
  return showDelivery(row, caller)
}

/** Sends an event again, by the whole schedule. The id of the event stays, so that a receiver that has it recognises it. */
export async function resendDelivery(
  site: SiteId,
  { webhook, delivery }: { webhook: string; delivery: string },
  { caller, webhooks, deliveries, queue, now }: DeliveryDependencies,
): Promise<Delivery> {
  await existingWebhook(site, webhook, webhooks)
  const row = await deliveries.find(site, webhook, delivery)
  if (!row)
    throw new HttpProblemError(404, 'delivery-unknown', 'The webhook has no such delivery, or no longer has it.')
  if (row.state === 'pending' && (row.nextTryAt ?? row.createdAt) > now - stuckMs) throw stillPending()
  const { failed: _failed, answer: _answer, ...rest } = row
  const next: DeliveryRow = { ...rest, state: 'pending', n: 0, round: row.round + 1, isForced: true, nextTryAt: now }
  if (!(await deliveries.replace(site, next, row))) throw stillPending()
  await queue.send([{ message: nextTry(site, next), delaySeconds: 0 }])
  return showDelivery(next, caller)
}

function stillPending(): HttpProblemError {
  return new HttpProblemError(
    409,
    'delivery-pending',
    'The delivery is still being tried. Resend it when it has ended.',
  )
}
