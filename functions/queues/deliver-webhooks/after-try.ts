import type { Delivery } from '../../../contracts/webhook.ts'
import type { WebhookAnswer } from '../../gateways/webhook-post.ts'
import type { DeliveryRow } from '../../stores/webhook-deliveries.ts'

const triesKeptMax = 20
/** The receiver is gone for good. */
export const goneStatus = 410

/** Returns the row of a delivery with a try that was made. */
export function afterTry(
  row: DeliveryRow,
  { status, error, ms, answer }: WebhookAnswer,
  started: number,
  isDelivered: boolean,
  nextTryAt: number | undefined,
): DeliveryRow {
  const made: Delivery['tries'][number] = {
    at: new Date(started).toISOString(),
    ms: Math.max(0, Math.round(ms)),
    ...(status !== undefined && { status }),
    ...(error !== undefined && { error }),
  }
  const lastError =
    status === goneStatus ? 'The receiver answered 410: the webhook is disabled.' : 'The last try failed.'
  const end = isDelivered ? 'delivered' : 'failed'
  return {
    ...row,
    state: nextTryAt === undefined ? end : 'pending',
    ...(nextTryAt === undefined && !isDelivered && { failed: lastError }),
    n: row.n + 1,
    tries: [...row.tries, made].slice(-triesKeptMax),
    answer: answer || undefined,
    nextTryAt,
  }
}
