import type { SiteId } from '../../../contracts/names.ts'
import type { CallOrder, OrderRow } from '../../stores/call-order.ts'
import type { DeliveryRow } from '../../stores/webhook-deliveries.ts'

export interface OrderDependencies {
  order: {
    first(site: SiteId, webhook: string, call: string): Promise<(OrderRow & { seq: string }) | undefined>
    remove(site: SiteId, webhook: string, order: CallOrder): Promise<void>
  }
  deliveries: { find(site: SiteId, webhook: string, id: string): Promise<DeliveryRow | undefined> }
  now(): number
}

/** Waits for a delivery that is being sent, or waits for its receiver: they double, so that an outage of hours costs few requests. */
const waitMsBase = 1_000
const waitMsMax = 60_000
/** The function that makes events lists a delivery first and stores it second. If it has died in between, SQS repeats its message. */
const makingMsMax = 300_000
/** Finished deliveries of a call that one check removes; a call has five to twenty events. */
const removedMax = 100

/**
 * Returns when a delivery has to ask again, because an earlier one of its call is neither delivered nor given up; undefined if it is the
 * next one of its call.
 */
export async function waitsForEarlier(
  site: SiteId,
  { webhook, order, isForced }: DeliveryRow,
  waits: number,
  { order: orders, deliveries, now }: OrderDependencies,
): Promise<number | undefined> {
  // One that a person resends goes at once.
  if (!order || isForced) return undefined
  const again = now() + Math.min(waitMsMax, waitMsBase * 2 ** waits)
  for (let removed = 0; removed < removedMax; removed += 1) {
    const first = await orders.first(site, webhook, order.call)
    if (!first || first.seq >= order.seq) return undefined
    const earlier = await deliveries.find(site, webhook, first.delivery)
    if (earlier?.state === 'pending') return Math.max(again, (earlier.nextTryAt ?? 0) + waitMsBase)
    if (!earlier && now() - first.at < makingMsMax) return again
    await orders.remove(site, webhook, { call: order.call, seq: first.seq })
  }
  return again
}
