import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { timeToLive } from './expressions.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

/** A delivery of a call for a webhook that gets the events of a call in order. */
const OrderRow = v.looseObject({ sk: v.string(), delivery: v.string(), at: v.number() })
export type OrderRow = v.InferOutput<typeof OrderRow>

/** Which call a delivery belongs to, and its place in that call. */
export interface CallOrder {
  call: string
  /** `callSeq` of the event, which sorts as text. */
  seq: string
}

/** Longer than a delivery is tried. What is done is removed by the next delivery of its call, or expires. */
const keptSeconds = 8 * 86_400

/** Stores the order of the deliveries of each call, for webhooks that ask for it. */
export class CallOrderStore extends Store {
  async put(site: SiteId, webhook: string, { call, seq }: CallOrder, delivery: string, now: number): Promise<void> {
    const key = keys.deliveryOrder(site, webhook, call, seq)
    await this.table.put({ ...key, delivery, at: now, ttl: timeToLive(now, keptSeconds) })
  }

  /** Returns the first delivery of a call that was not removed. */
  async first(site: SiteId, webhook: string, call: string): Promise<(OrderRow & { seq: string }) | undefined> {
    const { pk, sk } = keys.deliveryOrder(site, webhook, call, '')
    const query = { pk, sk: { beginsWith: sk }, read: 'consistent', limit: 1 } as const
    const [row] = (await this.table.page(OrderRow, query)).items
    return row && { ...row, seq: row.sk.slice(sk.length) }
  }

  async remove(site: SiteId, webhook: string, { call, seq }: CallOrder): Promise<void> {
    await this.table.delete(keys.deliveryOrder(site, webhook, call, seq))
  }
}
