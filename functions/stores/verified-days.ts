import { type DynamoDBDocumentClient, GetCommand, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { momentSeconds } from '../../contracts/cdr.ts'
import { CdrDigest, printOf } from '../../contracts/cdr-digest.ts'
import type { SiteId } from '../../contracts/names.ts'
import { Verification } from '../../contracts/routes/verifications.ts'
import type { StoredPrint } from '../domain/compare-day.ts'
import { monthsBack, wholeSeconds } from '../domain/filing.ts'
import { lane, TimeRow } from './cdrs.ts'
import { timeToLive, unlessConditionFailed } from './table.ts'
import { keys } from './table-keys.ts'

/** What was told is kept until it is compared; a part that never came leaves the others for a day. */
const toldSeconds = 86_400
/** CDRs are filed under their call's start, which is up to this much earlier than theirs. */
const filedBeforeMs = 6 * 3_600_000 + 1_000

/** Days of the call log as they were held against the PBX's own file. */
export class VerifiedDayStore {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
  }

  /** From here on what an earlier run is told counts no more. */
  async ask(site: SiteId, asked: Verification): Promise<void> {
    const Item = { ...keys.dayVerified(site, asked.day), ...asked }
    await this.#db.send(new PutCommand({ TableName: this.#table, Item }))
  }

  async find(site: SiteId, day: string): Promise<Verification | undefined> {
    const Key = keys.dayVerified(site, day)
    const { Item } = await this.#db.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }))
    if (!Item) return undefined
    const { pk: _pk, sk: _sk, ...told } = Item
    return v.parse(Verification, told)
  }

  /** False if another run was asked meanwhile. */
  async finish(site: SiteId, done: Verification): Promise<boolean> {
    const Item = { ...keys.dayVerified(site, done.day), ...done }
    return unlessConditionFailed(
      this.#db.send(
        new PutCommand({
          TableName: this.#table,
          Item,
          ConditionExpression: 'run = :run',
          ExpressionAttributeValues: { ':run': done.run },
        }),
      ),
    )
  }

  async putPart(site: SiteId, digest: CdrDigest, now: number): Promise<void> {
    const part = String(digest.part).padStart(5, '0')
    const Item = { ...keys.dayTold(site, digest.run, part), ...digest, ttl: timeToLive(now, toldSeconds) }
    await this.#db.send(new PutCommand({ TableName: this.#table, Item }))
  }

  /** What was told in a run so far, each part once. */
  async parts(site: SiteId, run: string): Promise<CdrDigest[]> {
    const { pk, sk } = keys.dayTold(site, run, '')
    const parts: CdrDigest[] = []
    for await (const item of this.#items(pk, sk, `${sk}~`)) parts.push(v.parse(CdrDigest, item))
    return parts
  }

  /** CDRs that start from `from` to before `to`, in Unix milliseconds, read consistently; a day of 100,000 is 60 pages of 1 MB. */
  async stored(site: SiteId, from: number, to: number): Promise<StoredPrint[]> {
    const [first, last] = [wholeSeconds(from - filedBeforeMs), wholeSeconds(to)]
    const prints: StoredPrint[] = []
    for (const month of monthsBack(first, last)) {
      for await (const item of this.#items(keys.timeRows(site, month, lane), first, last)) {
        const { cdr, erased = false } = v.parse(TimeRow, item)
        const startMs = 1000 * momentSeconds(cdr.start)
        if (startMs >= from && startMs < to) prints.push({ print: printOf(cdr), erased, startMs })
      }
    }
    return prints
  }

  async *#items(pk: string, first: string, last: string): AsyncGenerator<unknown> {
    const pages = paginateQuery(
      { client: this.#db },
      {
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :first AND :last',
        ExpressionAttributeValues: { ':pk': pk, ':first': first, ':last': last },
        ConsistentRead: true,
      },
    )
    for await (const page of pages) yield* page.Items ?? []
  }
}
