import { randomUUID } from 'node:crypto'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { Cdr } from '../../contracts/cdr.ts'
import type { SiteId } from '../../contracts/names.ts'
import type { NumberSearch } from '../../contracts/numbers/number-search.ts'
import { fileCdr } from '../domain/filing.ts'
import { eraseCdr, findsInRow } from '../domain/personal/erase-cdr.ts'
import { lane, partyKey, TimeRow } from './cdrs.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

const number = v.optional(v.string())
const PartyRow = v.looseObject({ pk: v.string(), sk: v.string(), cdr: Cdr, a: number, b: number })
/** Pages that one call may read: 100 GB, more than an invocation can. */
const pagesMax = 100_000

/**
 * Erases a number from the call log: first it erases the number from the time row and marks that row, then it deletes the
 * number's party row and writes the other party's row from the time row. A redelivery writes party rows from the time row
 * too, so it brings nothing back.
 */
export class CdrErasure extends Store {
  readonly #isOver: () => boolean
  /** What replaces the ids that hold the number, so that the legs of a call stay together. */
  readonly #newIds = new Map<string, string>()
  constructor(db: DynamoDBDocumentClient, tableName: string, isOver: () => boolean) {
    super(db, tableName)
    this.#isOver = isOver
  }

  /**
   * Erases a number from the rows of a month and returns the linkedids of their calls. Each row is read and searched, since
   * the number may be in any spelling in any field, those that only this PBX writes too: at half a read unit per 4 KB a
   * million records cost 0.06 dollars.
   */
  async erase(site: SiteId, month: string, search: NumberSearch): Promise<string[]> {
    const linkedids: string[] = []
    const query = { pk: keys.timeRows(site, month, lane), read: 'consistent' } as const
    for await (const rows of this.table.pages(TimeRow, query, { pagesMax, isOver: this.#isOver })) {
      for (const row of rows) {
        if (!findsInRow(row, search)) continue
        await this.#eraseRow(site, month, row, search)
        linkedids.push(row.cdr.linkedid)
      }
    }
    await this.#deleteLeftOvers(site, month, search)
    return linkedids
  }

  async #eraseRow(site: SiteId, month: string, row: TimeRow, search: NumberSearch): Promise<void> {
    const { raw: _raw, a, b, sk, ...rest } = row
    const { linkedid, uniqueid } = row.cdr
    const cdr = eraseCdr(row.cdr, search, (id) => this.#newId(id))
    const filed = sk.slice(0, sk.indexOf('#'))
    const key = [filed, cdr.linkedid, cdr.uniqueid].join('#') + sk.slice([filed, linkedid, uniqueid].join('#').length)
    const others = { ...(a && !search.holds(a) && { a }), ...(b && !search.holds(b) && { b }) }
    const emptied: TimeRow = { ...rest, ...others, sk: key, cdr, erased: true }
    const pk = keys.timeRows(site, month, lane)
    await this.table.put({ ...emptied, pk })
    if (key !== sk) {
      if (fileCdr(cdr).needsAlias) await this.table.put({ pk: keys.alias(site, cdr.linkedid), sk: key, ttl: row.ttl })
      await this.table.delete({ pk: keys.alias(site, linkedid), sk })
      await this.table.delete({ pk, sk })
    }
    if (a) await this.table.delete({ pk: keys.callerRows(site, month), sk: partyKey(a, sk) })
    if (b) await this.table.delete({ pk: keys.calleeRows(site, month), sk: partyKey(b, sk) })
    await this.#putParties(site, month, emptied)
  }

  async #putParties(site: SiteId, month: string, { sk, cdr, a, b, doubt, importId, ttl }: TimeRow): Promise<void> {
    const content = { cdr, a, b, doubt, importId, ttl }
    if (a) await this.table.put({ pk: keys.callerRows(site, month), sk: partyKey(a, sk), ...content })
    if (b) await this.table.put({ pk: keys.calleeRows(site, month), sk: partyKey(b, sk), ...content })
  }

  /** Deletes party rows that hold the number and whose time row was erased by an earlier, interrupted pass. */
  async #deleteLeftOvers(site: SiteId, month: string, search: NumberSearch): Promise<void> {
    for (const pk of [keys.callerRows(site, month), keys.calleeRows(site, month)]) {
      const query = { pk, read: 'consistent' } as const
      for await (const rows of this.table.pages(PartyRow, query, { pagesMax, isOver: this.#isOver })) {
        for (const row of rows) {
          if (findsInRow(row, search)) await this.table.delete({ pk: row.pk, sk: row.sk })
        }
      }
    }
  }

  #newId(id: string): string {
    const known = this.#newIds.get(id) ?? `erased-${randomUUID()}`
    this.#newIds.set(id, known)
    return known
  }
}
