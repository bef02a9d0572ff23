import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { eraseCdr } from '../domain/personal/erase-cdr.ts'
import { searchableDigits, searchedFields } from '../domain/personal/holds-number.ts'
import type { Numbering } from '../domain/phone-number.ts'
import { lane, partyKey, TimeRow } from './cdrs.ts'
import type { Query } from './expressions.ts'
import { PartitionStore } from './partitions.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

const Sk = v.looseObject({ sk: v.string() })
/** Pages that one call may read: 100 GB, more than an invocation of 15 minutes can. */
const pagesMax = 100_000

/**
 * Erases a number from the call log: first it erases the number from the time row and marks that row, then it deletes the
 * number's party row and writes the other party's row from the time row. A redelivery writes party rows from the time row
 * too, so it brings nothing back.
 */
export class CdrErasure extends Store {
  readonly #partitions: PartitionStore
  readonly #isOver: () => boolean
  constructor(db: DynamoDBDocumentClient, tableName: string, isOver: () => boolean) {
    super(db, tableName)
    this.#partitions = new PartitionStore(db, tableName, isOver)
    this.#isOver = isOver
  }

  /** Erases a number from the rows of a month and returns the linkedids of their calls. `number` is canonical. */
  async erase(site: SiteId, month: string, number: string, numbering: Numbering): Promise<string[]> {
    const linkedids: string[] = []
    for (const pk of [keys.callerRows(site, month), keys.calleeRows(site, month)]) {
      for await (const page of this.#partitions.pages(pk, partyKey(number, ''))) {
        for (const key of page) {
          const row = await this.#eraseRow(site, month, key.sk.slice(partyKey(number, '').length), number, numbering)
          if (row) linkedids.push(row.cdr.linkedid)
          await this.table.delete(key)
        }
      }
    }
    for await (const sk of this.#rowsNaming(site, month, number)) {
      const row = await this.#eraseRow(site, month, sk, number, numbering)
      if (row) linkedids.push(row.cdr.linkedid)
    }
    return linkedids
  }

  /**
   * Finds rows of a month whose texts contain the number though it is no party, such as a call that was forwarded to it.
   * DynamoDB reads the whole month for that, at half a read unit per 4 KB, and returns only the rows that match: about
   * three million records a pass.
   */
  async *#rowsNaming(site: SiteId, month: string, number: string): AsyncGenerator<string> {
    const digits = searchableDigits(number)
    if (digits === undefined) return
    const query: Query = {
      pk: keys.timeRows(site, month, lane),
      read: 'eventual',
      attributes: ['sk'],
      filter: searchedFields.map((field) => `contains(#cdr.#${field}, :digits)`).join(' OR '),
      values: { digits },
    }
    for await (const rows of this.table.pages(Sk, query, { pagesMax, isOver: this.#isOver })) {
      for (const { sk } of rows) yield sk
    }
  }

  async #eraseRow(
    site: SiteId,
    month: string,
    sk: string,
    number: string,
    numbering: Numbering,
  ): Promise<TimeRow | undefined> {
    const key = { pk: keys.timeRows(site, month, lane), sk }
    const row = await this.table.get(TimeRow, key, 'consistent')
    if (row) {
      const { raw: _raw, a, b, ...rest } = row
      const others = { ...(a !== number && { a }), ...(b !== number && { b }) }
      const emptied: TimeRow = { ...rest, ...others, cdr: eraseCdr(row.cdr, number, numbering), erased: true }
      await this.table.put({ ...emptied, pk: key.pk })
      await this.#putParties(site, month, emptied)
    }
    return row
  }

  async #putParties(site: SiteId, month: string, { sk, cdr, a, b, doubt, ttl }: TimeRow): Promise<void> {
    if (a) await this.table.put({ pk: keys.callerRows(site, month), sk: partyKey(a, sk), cdr, a, b, doubt, ttl })
    if (b) await this.table.put({ pk: keys.calleeRows(site, month), sk: partyKey(b, sk), cdr, a, b, doubt, ttl })
  }
}
