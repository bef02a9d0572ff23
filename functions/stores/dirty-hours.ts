import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import { SiteId } from '../../contracts/names.ts'
import { Store } from './table.ts'
import { dirtyShards, keys } from './table-keys.ts'

const Mark = v.looseObject({ site: SiteId, hour: v.string(), stamp: v.string() })
/** Says that an hour (`yyyy-mm-ddThh`, UTC) of a site has rows that are not in its totals yet. */
export type Mark = v.InferOutput<typeof Mark>

/** Pages of one shard: a mark is 0.1 KB, so a page of `limit` items is enough unless marks are deleted meanwhile. */
const pagesMax = 100

/**
 * Stores which hours have to be totalled again. A writer puts its rows, then the mark with a new stamp, then acknowledges
 * the message. A mark is deleted only if its stamp is the one that was read before the hour was totalled.
 */
export class DirtyHourStore extends Store {
  async mark(site: SiteId, hour: string): Promise<void> {
    await this.table.put({ ...keys.dirtyHour(site, hour), site, hour, stamp: randomUUID() })
  }

  /** Returns up to `most` marks; those of the first shards come first. */
  async marks(most: number): Promise<Mark[]> {
    const found = await Promise.all(Array.from({ length: dirtyShards }, (_, shard) => this.#shard(shard, most)))
    return found.flat().slice(0, most)
  }

  /** Returns false if the hour was marked again meanwhile. */
  async clear({ site, hour, stamp }: Mark): Promise<boolean> {
    return this.table.deleteIf(keys.dirtyHour(site, hour), { condition: 'stamp = :stamp', values: { stamp } })
  }

  async #shard(shard: number, most: number): Promise<Mark[]> {
    const marks: Mark[] = []
    const query = { pk: keys.dirtyShard(shard), read: 'consistent', limit: most } as const
    for await (const page of this.table.pages(Mark, query, { pagesMax })) {
      marks.push(...page)
      if (marks.length >= most) break
    }
    return marks
  }
}
