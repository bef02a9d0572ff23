import * as v from 'valibot'
import { SiteId } from '../../contracts/names.ts'
import { Receipt } from '../../contracts/site.ts'
import { ifAbsent } from './expressions.ts'
import { readFairly } from './lists-of-sites.ts'
import { type ItemKey, Store } from './table.ts'
import { keys } from './table-keys.ts'

const RemovalJob = v.looseObject({
  site: SiteId,
  id: v.string(),
  what: v.picklist(['site', 'number', 'student']),
  /** The number to erase. It is deleted with this row. */
  number: v.optional(v.string()),
  /** The student number to erase. It is deleted with this row. */
  matricule: v.optional(v.string()),
  askedAt: v.string(),
  /** When the first complete pass ended, Unix milliseconds. */
  passedAt: v.optional(v.number()),
  removed: v.optional(v.record(v.string(), v.number()), {}),
  /** The final export with which a site's deletion begins, once it is complete. */
  farewell: v.optional(v.object({ file: v.string(), rows: v.number(), bytes: v.number() })),
  /** Months in which something was found. */
  months: v.optional(v.array(v.string()), []),
  /** Months that the pass under way has done, so that the next invocation continues it. */
  swept: v.optional(v.array(v.string())),
  /** True if the pass under way found something in an earlier invocation. */
  hasFound: v.optional(v.boolean()),
})
export type RemovalJob = v.InferOutput<typeof RemovalJob>

/** Removals of one invocation; the others wait until some are done. */
const batchMax = 1_000

/** Stores deletions and erasures that are under way, and a receipt of each that is done. */
export class RemovalStore extends Store {
  /** Stores a removal, which is then carried out even if the request fails. The same id again changes nothing. */
  async create(removal: RemovalJob): Promise<Receipt> {
    await this.table.putIf({ ...this.#key(removal), ...removal }, ifAbsent)
    return toReceipt(removal)
  }

  /** Returns the removals that are under way, in a fair order of their sites. */
  async all(): Promise<RemovalJob[]> {
    return readFairly(this.table, RemovalJob, [keys.removals], { most: batchMax, turn: 0 })
  }

  async save(removal: RemovalJob): Promise<void> {
    await this.table.put({ ...this.#key(removal), ...removal })
  }

  /** Writes the receipt, then deletes the job. After a crash between the two, the next pass finds nothing and finishes again. */
  async finish(removal: RemovalJob, now: number): Promise<void> {
    const receipt: Receipt = { ...toReceipt(removal), state: 'done', doneAt: new Date(now).toISOString() }
    await this.table.put({ pk: keys.receipts(removal.site), sk: removal.id, ...receipt })
    await this.table.delete(this.#key(removal))
  }

  async receipt(site: SiteId, id: string): Promise<Receipt | undefined> {
    const done = await this.table.get(Receipt, { pk: keys.receipts(site), sk: id }, 'consistent')
    if (done) return withoutKeys(done)
    const running = await this.table.get(RemovalJob, this.#key({ site, id }), 'consistent')
    return running && toReceipt(running)
  }

  #key({ site, id }: Pick<RemovalJob, 'site' | 'id'>): ItemKey {
    return { pk: keys.removals, sk: `${site}#${id}` }
  }
}

function withoutKeys({ pk: _pk, sk: _sk, ...receipt }: Receipt): Receipt {
  return receipt
}

function toReceipt({ id, site, what, askedAt, removed, farewell }: RemovalJob): Receipt {
  return { id, site, what, state: 'running', askedAt, removed: removed ?? {}, ...(farewell && { farewell }) }
}
