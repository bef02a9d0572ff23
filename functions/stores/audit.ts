import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { AuditEntry } from '../../contracts/routes/audit.ts'
import { ifAbsent } from './expressions.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

/** An act to record; the store adds time and id. No field holds a person's number, a mark or a secret. */
export type AuditAct = Pick<AuditEntry, 'who' | 'what' | 'on' | 'from' | 'outcome' | 'requestId'>

const Row = v.looseObject({ sk: v.string(), entry: AuditEntry })

/** Records who did what. Entries are only added: roles grant PutItem and Query, and each entry has a new random id. */
export class AuditStore extends Store {
  /** Costs one write unit: an entry is under 1 KB. `site` is undefined for an act on the deployment. */
  async record(site: SiteId | undefined, act: AuditAct, now: number): Promise<void> {
    const at = new Date(now).toISOString()
    const id = randomUUID()
    const item = { pk: keys.audit(site, at.slice(0, 7)), sk: `${at}#${id}`, entry: { at, id, ...act } }
    // The random id already keeps entries apart; the condition makes sure that no entry is ever replaced.
    if (!(await this.table.putIf(item, ifAbsent))) throw new Error('an audit entry of this time and id exists')
  }

  /** Returns up to `limit` entries of a month, newest first, between two times (RFC 3339), older than `before` if given. */
  async month(
    site: SiteId | undefined,
    month: string,
    period: { from: string; to: string; before?: string | undefined },
    limit: number,
  ): Promise<{ rows: { sk: string; entry: AuditEntry }[]; more: boolean }> {
    // `~` sorts after every character of a key, so an entry at the very moment of `to` is included.
    const last = period.before ?? `${period.to}~`
    const { items, next } = await this.table.page(Row, {
      pk: keys.audit(site, month),
      sk: { between: [period.from, last] },
      read: 'eventual',
      isDescending: true,
      // BETWEEN includes `before` itself, and one more row shows whether there are others.
      limit: limit + 2,
    })
    const rows = items.filter((row) => row.sk !== period.before)
    return { rows: rows.slice(0, limit), more: rows.length > limit || next !== undefined }
  }
}
