import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import type { NumberSearch } from '../../contracts/numbers/number-search.ts'
import { erasedFrom, findsIn } from '../domain/personal/erase-item.ts'
import { withoutParty } from '../domain/personal/erase-party.ts'
import { eachFrom, type Position } from './position.ts'
import { type Item, Store } from './table.ts'
import { keys } from './table-keys.ts'

const AnyItem = v.looseObject({ pk: v.string(), sk: v.string() })
const Fields = v.record(v.string(), v.unknown())
type AnyItem = v.InferOutput<typeof AnyItem>
/** 100 GB, more than an invocation can read. */
const pagesMax = 100_000
/** Fields that change with each write of an item by another function. */
const versionFields = ['v', 'r', 'w', 'n', 'run', 'stage', 'result', 'corrections', 'tag', 'rev', 'round'] as const

/** Erases a number from the items of one table, whatever they are. */
export class ItemErasure extends Store {
  readonly #isOver: () => boolean
  constructor(db: DynamoDBDocumentClient, tableName: string, isOver: () => boolean) {
    super(db, tableName)
    this.#isOver = isOver
  }

  /**
   * Erases the number from the items of a partition. An item whose key holds it is deleted. One
   * that another function changes at the same time is left to the next pass.
   * @param before removes what is stored under an item, given its sort key
   */
  async erase(
    pk: string,
    search: NumberSearch,
    position: Position,
    before?: (sk: string) => Promise<unknown>,
  ): Promise<void> {
    const limits = { pagesMax, isOver: this.#isOver, after: position.after }
    const pages = this.table.pages(AnyItem, { pk, read: 'consistent' }, limits)
    await eachFrom(pages, position, this.#isOver, async (item) => {
      const { pk: _pk, ...rest } = item
      if (!findsIn(rest, search)) return
      await before?.(item.sk)
      await this.#eraseItem(item, search)
      position.count(1)
    })
  }

  /** Erases an extension or a name from the parties of facts and events; keys and other texts stay. */
  async eraseParties(pk: string, search: NumberSearch, position: Position): Promise<void> {
    const limits = { pagesMax, isOver: this.#isOver, after: position.after }
    const pages = this.table.pages(AnyItem, { pk, read: 'consistent' }, limits)
    await eachFrom(pages, position, this.#isOver, async (item) => {
      const { pk, sk, ...rest } = item
      const left = withoutParty(rest, search)
      if (left === rest) return
      await this.#putIfSame(item, { pk, sk, ...v.parse(Fields, left) })
      position.count(1)
    })
  }

  /**
   * Removes the time lines of the calls that hold the number and have no call record. Their keys are nowhere listed, so this
   * reads the whole table: erasures are rare, and time lines are kept for 30 days.
   */
  async eraseTimeLines(site: SiteId, search: NumberSearch, position: Position): Promise<void> {
    const prefix = keys.timeLine(site, '')
    const limits = { pagesMax, isOver: this.#isOver, after: position.after }
    await eachFrom(this.table.scan(AnyItem, prefix, limits), position, this.#isOver, async ({ pk, sk, ...rest }) => {
      // A site id may have the same digits.
      if (!findsIn([pk.slice(prefix.length), rest], search)) return
      await this.table.delete({ pk, sk })
      position.count(1)
    })
  }

  async #eraseItem(item: AnyItem, search: NumberSearch): Promise<void> {
    const { pk, sk, ...rest } = item
    if (search.holds(sk)) return this.table.delete({ pk, sk })
    await this.#putIfSame(item, { pk, sk, ...v.parse(Fields, erasedFrom(rest, search)) })
  }

  /** Replaces an item unless another function has changed it meanwhile. */
  async #putIfSame(item: AnyItem, emptied: Item): Promise<void> {
    const seen = versionFields.filter((field) => item[field] !== undefined)
    // A field may also be added by that write, such as the first correction of a result.
    const same = versionFields.map((field) =>
      seen.includes(field) ? `#${field} = :${field}` : `attribute_not_exists(#${field})`,
    )
    const condition = ['attribute_exists(pk)', ...same].join(' AND ')
    const values = Object.fromEntries(seen.map((field) => [field, item[field]]))
    await this.table.putIf(emptied, { condition, values })
  }
}
