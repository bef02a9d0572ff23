import { type DynamoDBDocumentClient, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { fnv1a32 } from '../../contracts/fnv1a.ts'
import type { SiteId } from '../../contracts/names.ts'
import { TimeLineEntry } from '../../contracts/time-line.ts'
import { timeToLive } from './table.ts'
import { keys } from './table-keys.ts'

const Item = v.looseObject({ entries: v.array(TimeLineEntry) })
const keptSeconds = 30 * 86_400
/** Writes at once, as many as a fold of ten messages has calls. */
const writesAtOnce = 25

/** What happened to each call, one item a batch and call: 1 write unit up to 1 KB, which three states fill. */
export class TimeLineStore {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
  }

  /**
   * What comes again in the same cut overwrites its item. In another cut it is an item of its own, even where it begins and
   * ends the same: a part never replaces the whole, and `read` tells each version once.
   */
  async put(site: SiteId, byCall: ReadonlyMap<string, readonly TimeLineEntry[]>, now: number): Promise<void> {
    const calls = byCall.entries()
    const worker = async () => {
      for (const [call, entries] of calls) {
        const [first] = entries
        if (!first) continue
        const cut = fnv1a32(entries.map(({ v }) => v).join())
        const key = { pk: keys.timeLine(site, call), sk: `${first.v}#${cut}` }
        const Item = { ...key, entries, ttl: timeToLive(now, keptSeconds) }
        await this.#db.send(new PutCommand({ TableName: this.#table, Item }))
      }
    }
    await Promise.all(Array.from({ length: writesAtOnce }, worker))
  }

  /** Oldest first, each version once. */
  async read(site: SiteId, call: string): Promise<TimeLineEntry[]> {
    const byVersion = new Map<string, TimeLineEntry>()
    // A call of ten hours with a state a second would be 36 items of 1,000 states: some pages.
    const pages = paginateQuery(
      { client: this.#db },
      {
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': keys.timeLine(site, call) },
      },
    )
    for await (const page of pages) {
      for (const item of page.Items ?? []) {
        for (const entry of v.parse(Item, item).entries) {
          if (!byVersion.has(entry.v)) byVersion.set(entry.v, entry)
        }
      }
    }
    return [...byVersion.values()].sort((a, b) => (a.v < b.v ? -1 : 1))
  }
}
