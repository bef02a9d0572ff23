import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
} from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import type { SiteId } from '../../contracts/names.ts'
import { eraseCdr } from '../domain/personal/erase-cdr.ts'
import { searchableDigits, textFields } from '../domain/personal/holds-number.ts'
import type { Numbering } from '../domain/phone-number.ts'
import { lane, partyKey, TimeRow } from './cdrs.ts'
import { OutOfTimeError, PartitionStore } from './partitions.ts'
import { keys } from './table-keys.ts'

/**
 * Erases a number from the call log: the time row is emptied first and says so, then this number's party row goes, and
 * the other party's copy is put from what the time row now holds. A redelivery puts party rows from the time row too, so
 * it brings nothing back.
 */
export class CdrErasure {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  readonly #partitions: PartitionStore
  readonly #isOver: () => boolean
  constructor(db: DynamoDBDocumentClient, table: string, isOver: () => boolean) {
    this.#db = db
    this.#table = table
    this.#partitions = new PartitionStore(db, table, isOver)
    this.#isOver = isOver
  }

  /** Erases it from the rows of a month and answers the linkedids of their calls. `number` is canonical. */
  async erase(site: SiteId, month: string, number: string, numbering: Numbering): Promise<string[]> {
    const linkedids: string[] = []
    for (const pk of [keys.callerRows(site, month), keys.calleeRows(site, month)]) {
      for await (const page of this.#partitions.pages(pk, partyKey(number, ''))) {
        for (const key of page) {
          const row = await this.#eraseRow(site, month, key.sk.slice(partyKey(number, '').length), number, numbering)
          if (row) linkedids.push(row.cdr.linkedid)
          await this.#db.send(new DeleteCommand({ TableName: this.#table, Key: key }))
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
   * Rows of a month in whose texts the number stands though it is no party: a call that was forwarded to it. The whole month
   * is read for that, half a read unit a 4 KB, and DynamoDB sends what it finds: some three million records a pass.
   */
  async *#rowsNaming(site: SiteId, month: string, number: string): AsyncGenerator<string> {
    const digits = searchableDigits(number)
    if (digits === undefined) return
    const names = Object.fromEntries(textFields.map((field) => [`#${field}`, field]))
    const pages = paginateQuery(
      { client: this.#db },
      {
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk',
        FilterExpression: textFields.map((field) => `contains(#cdr.#${field}, :digits)`).join(' OR '),
        ProjectionExpression: 'sk',
        ExpressionAttributeNames: { '#cdr': 'cdr', ...names },
        ExpressionAttributeValues: { ':pk': keys.timeRows(site, month, lane), ':digits': digits },
      },
    )
    for await (const { Items = [] } of pages) {
      for (const item of Items) yield String(item['sk'])
      if (this.#isOver()) throw new OutOfTimeError()
    }
  }

  async #eraseRow(
    site: SiteId,
    month: string,
    sk: string,
    number: string,
    numbering: Numbering,
  ): Promise<TimeRow | undefined> {
    const Key = { pk: keys.timeRows(site, month, lane), sk }
    const { Item } = await this.#db.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }))
    const row = Item && v.parse(TimeRow, Item)
    if (row) {
      const { raw: _raw, a, b, ...rest } = row
      const others = { ...(a !== number && { a }), ...(b !== number && { b }) }
      const emptied: TimeRow = { ...rest, ...others, cdr: eraseCdr(row.cdr, number, numbering), erased: true }
      await this.#put({ ...emptied, pk: Key.pk })
      await this.#putParties(site, month, emptied)
    }
    return row
  }

  async #putParties(site: SiteId, month: string, { sk, cdr, a, b, ttl }: TimeRow): Promise<void> {
    if (a) await this.#put({ pk: keys.callerRows(site, month), sk: partyKey(a, sk), cdr, a, b, ttl })
    if (b) await this.#put({ pk: keys.calleeRows(site, month), sk: partyKey(b, sk), cdr, a, b, ttl })
  }

  async #put(Item: Record<string, unknown>): Promise<void> {
    await this.#db.send(new PutCommand({ TableName: this.#table, Item }))
  }
}
