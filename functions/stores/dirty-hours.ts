import { randomUUID } from 'node:crypto'
import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { SiteId } from '../../contracts/names.ts'
import { isConditionFailed } from './table.ts'
import { dirtyShards, keys } from './table-keys.ts'

const Mark = v.looseObject({ site: SiteId, hour: v.string(), stamp: v.string() })
/** An hour (`yyyy-mm-ddThh`, UTC) of a site whose totals are older than its rows. */
export type Mark = v.InferOutput<typeof Mark>

/**
 * Hours to be totalled anew. Rows are written, then the mark with a fresh stamp, then the message is acknowledged; a mark
 * is deleted only if its stamp is still the one that was read before the hour was totalled.
 */
export class DirtyHourStore {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
  }

  async mark(site: SiteId, hour: string): Promise<void> {
    const Item = { ...keys.dirtyHour(site, hour), site, hour, stamp: randomUUID() }
    await this.#db.send(new PutCommand({ TableName: this.#table, Item }))
  }

  /** Up to `most` marks, of each partition in turn. */
  async marks(most: number): Promise<Mark[]> {
    const found = await Promise.all(Array.from({ length: dirtyShards }, (_, shard) => this.#shard(shard, most)))
    return found.flat().slice(0, most)
  }

  /** False if the hour was marked again meanwhile. */
  async clear({ site, hour, stamp }: Mark): Promise<boolean> {
    try {
      await this.#db.send(
        new DeleteCommand({
          TableName: this.#table,
          Key: keys.dirtyHour(site, hour),
          ConditionExpression: 'stamp = :stamp',
          ExpressionAttributeValues: { ':stamp': stamp },
        }),
      )
      return true
    } catch (error) {
      if (isConditionFailed(error)) return false
      throw error
    }
  }

  async #shard(shard: number, most: number): Promise<Mark[]> {
    const marks: Mark[] = []
    const pages = paginateQuery(
      { client: this.#db },
      {
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': keys.dirtyShard(shard) },
        ConsistentRead: true,
        Limit: most,
      },
    )
    for await (const page of pages) {
      marks.push(...(page.Items ?? []).map((item) => v.parse(Mark, item)))
      if (marks.length >= most) break
    }
    return marks
  }
}
