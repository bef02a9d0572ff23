import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { fileCdr } from '../domain/filing.ts'
import { eraseCdr, findsInRow } from '../domain/personal/erase-cdr.ts'
import { erasedUnreadable } from '../domain/personal/erase-unreadable.ts'
import type { Erasing } from '../domain/personal/erasing.ts'
import { lane, partyKey, TimeRow } from './cdrs.ts'
import { eachFrom, type Position } from './position.ts'
import { ItemKey, Store } from './table.ts'
import { keys } from './table-keys.ts'

const Row = v.looseObject({ ...TimeRow.entries, pk: v.string() })
type Row = v.InferOutput<typeof Row>
const AnyRow = v.looseObject(ItemKey.entries)
type AnyRow = v.InferOutput<typeof AnyRow>
/** Pages that one call may read: 100 GB, more than an invocation can. */
const pagesMax = 100_000

/** Which rows of a month are erased. Each kind is searched by itself, so that a pass may end between any two writes. */
export type RowKind = 'time' | 'caller' | 'callee'
export const rowKinds = ['time', 'caller', 'callee'] as const satisfies readonly RowKind[]

/**
 * Erases a number from the call log. A redelivery writes party rows from the time row, which is erased first, so it brings
 * nothing back. What replaces a row has a key that depends on the row and the erasure alone: a pass that was killed between two
 * writes is repeated by the next one, and stores nothing twice.
 */
export class CdrErasure extends Store {
  readonly #isOver: () => boolean
  constructor(db: DynamoDBDocumentClient, tableName: string, isOver: () => boolean) {
    super(db, tableName)
    this.#isOver = isOver
  }

  /**
   * Erases a number from the rows of a month. Each row is read and searched, since the number may
   * be in any spelling in any field, those that only this PBX writes too: at half a read unit per 4 KB a million records cost
   * 0.06 dollars for each kind. A row that cannot be read is searched as plain texts, and counted.
   * @param before removes what is stored under a call, before its row is erased
   */
  async erase(
    site: SiteId,
    month: string,
    kind: RowKind,
    erasing: Erasing,
    position: Position,
    before: (linkedid: string) => Promise<unknown>,
  ): Promise<void> {
    const query = { pk: partitionOf(site, month, kind), read: 'consistent' } as const
    const pages = this.table.pages(AnyRow, query, { pagesMax, isOver: this.#isOver, after: position.after })
    await eachFrom(pages, position, this.#isOver, async (item) => {
      const parsed = v.safeParse(Row, item)
      if (!parsed.success) {
        position.unreadable(1)
        if (await this.#eraseUnreadable(site, item, kind, erasing, before)) position.count(1)
        return
      }
      const row = parsed.output
      if (!findsInRow(row, erasing.search)) return
      if (kind === 'time') {
        await before(row.cdr.linkedid)
        await this.#eraseTimeRow(site, row, erasing)
      } else await this.#erasePartyRow((kind === 'caller' ? row.a : row.b) ?? '', row, erasing)
      position.count(1)
    })
  }

  /** The old row is deleted last: until then the next pass finds it and does the rest. */
  async #eraseTimeRow(site: SiteId, row: Row, erasing: Erasing): Promise<void> {
    const emptied = emptiedRow(row, erasing)
    const { sk, cdr, ttl } = emptied
    await this.table.put({ ...emptied, erased: true })
    if (sk === row.sk) return
    if (fileCdr(cdr).needsAlias) await this.table.put({ pk: keys.alias(site, cdr.linkedid), sk, ttl })
    await this.table.delete({ pk: keys.alias(site, row.cdr.linkedid), sk: row.sk })
    await this.table.delete({ pk: row.pk, sk: row.sk })
  }

  /**
   * Erases the number from a row that no schema accepts, whatever else it has; returns false if it does not hold the number. A
   * row by party is deleted, since its call has a time row.
   */
  async #eraseUnreadable(
    site: SiteId,
    row: AnyRow,
    kind: RowKind,
    erasing: Erasing,
    before: (linkedid: string) => Promise<unknown>,
  ): Promise<boolean> {
    const { pk, sk, ...rest } = row
    const [filed = '', ...ids] = sk.split('#')
    const { search, newId } = erasing
    const newSk = [filed, ...ids.map((id) => (search.holds(id) ? newId(id) : id))].join('#')
    const content = erasedUnreadable(rest, erasing)
    if (newSk === sk && content === rest) return false
    if (kind === 'time') {
      const [linkedid = ''] = ids
      await before(linkedid)
      await this.table.put({ ...content, pk, sk: newSk, erased: true })
      if (newSk === sk) return true
      await this.table.delete({ pk: keys.alias(site, linkedid), sk })
    }
    await this.table.delete({ pk, sk })
    return true
  }

  /** The row of the erased party is deleted; that of the other one stays, without the number. */
  async #erasePartyRow(party: string, row: Row, erasing: Erasing): Promise<void> {
    const emptied = emptiedRow({ ...row, sk: row.sk.slice(partyKey(party, '').length) }, erasing)
    const isErased = erasing.search.holds(party)
    const sk = partyKey(party, emptied.sk)
    if (!isErased) await this.table.put({ ...emptied, sk })
    if (isErased || sk !== row.sk) await this.table.delete({ pk: row.pk, sk: row.sk })
  }
}

function partitionOf(site: SiteId, month: string, kind: RowKind): string {
  if (kind === 'time') return keys.timeRows(site, month, lane)
  return kind === 'caller' ? keys.callerRows(site, month) : keys.calleeRows(site, month)
}

/** Returns the row without the number, under the key that its record has then. */
function emptiedRow({ raw: _raw, a, b, ...row }: Row, { search, newId }: Erasing): Row {
  const { linkedid, uniqueid } = row.cdr
  const cdr = eraseCdr(row.cdr, search, newId)
  const filed = row.sk.slice(0, row.sk.indexOf('#'))
  const rest = row.sk.slice([filed, linkedid, uniqueid].join('#').length)
  const parties = { ...(a && !search.holds(a) && { a }), ...(b && !search.holds(b) && { b }) }
  return { ...row, ...parties, cdr, sk: [filed, cdr.linkedid, cdr.uniqueid].join('#') + rest }
}
