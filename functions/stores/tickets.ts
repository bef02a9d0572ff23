import * as v from 'valibot'
import { SiteId } from '../../contracts/names.ts'
import { timeToLive } from './expressions.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

const TicketRow = v.looseObject({
  site: SiteId,
  keyId: v.string(),
  scopes: v.array(v.string()),
  expiresAt: v.number(),
  /** When the secret that asked for the ticket ends, and with it the socket. Unix milliseconds. */
  until: v.optional(v.number()),
})
export type TicketRow = v.InferOutput<typeof TicketRow>

/** Stores tickets by their hash. A ticket opens one WebSocket. */
export class TicketStore extends Store {
  async put(sha256: string, row: TicketRow, now: number): Promise<void> {
    await this.table.put({ ...keys.ticket(sha256), ...row, ttl: timeToLive(now, 3600) })
  }

  /** Deletes the ticket and returns it, so that one caller alone can use it; undefined if it is unknown or expired. */
  async redeem(sha256: string, now: number): Promise<TicketRow | undefined> {
    const taken = await this.table.take(keys.ticket(sha256), { condition: 'expiresAt > :now', values: { now } })
    return taken && v.parse(TicketRow, taken)
  }
}
