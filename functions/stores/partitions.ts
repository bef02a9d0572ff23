import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { type BatchWrite, batchWriteMax, ItemKey, OutOfTimeError, Store } from './table.ts'

/** Pages that one call may read: 100 GB, more than an invocation can. */
const pagesMax = 100_000

/** Removes whole partitions of one table. */
export class PartitionStore extends Store {
  readonly #isOver: () => boolean
  /** `isOver` returns true when the invocation has to end. */
  constructor(db: DynamoDBDocumentClient, tableName: string, isOver: () => boolean) {
    super(db, tableName)
    this.#isOver = isOver
  }

  /**
   * Removes the items of a partition and returns how many there were. With a prefix, only those whose sort key begins with
   * it, or `isExact`ly is it.
   */
  async empty(pk: string, prefix = '', isExact = false): Promise<number> {
    let removed = 0
    for await (const page of this.pages(pk, prefix)) {
      removed += await this.remove(isExact ? page.filter(({ sk }) => sk === prefix) : page)
    }
    return removed
  }

  async has(pk: string): Promise<boolean> {
    this.#assertTime()
    const first = { pk, attributes: ['pk'], read: 'consistent', limit: 1 } as const
    const { items } = await this.table.page(v.looseObject({}), first)
    return items.length > 0
  }

  /** Reads the keys of a partition page by page; each page is read after the caller has dealt with the one before. */
  pages(pk: string, prefix = ''): AsyncGenerator<ItemKey[]> {
    const sk = prefix === '' ? {} : { sk: { beginsWith: prefix } }
    const query = { pk, ...sk, attributes: ['pk', 'sk'], read: 'consistent' } as const
    return this.table.pages(ItemKey, query, { pagesMax, isOver: this.#isOver })
  }

  /** Removes items and returns their number. */
  async remove(items: readonly ItemKey[]): Promise<number> {
    for (let from = 0; from < items.length; from += batchWriteMax) {
      let writes = items.slice(from, from + batchWriteMax).map((Key): BatchWrite => ({ DeleteRequest: { Key } }))
      // Until DynamoDB has taken every delete, or the invocation is over.
      while (writes.length > 0) {
        this.#assertTime()
        writes = await this.table.batchWrite(writes)
      }
    }
    return items.length
  }

  #assertTime(): void {
    if (this.#isOver()) throw new OutOfTimeError('the invocation has no time left')
  }
}
