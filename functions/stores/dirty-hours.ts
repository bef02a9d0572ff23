import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import { SiteId } from '../../contracts/names.ts'
import { readFairly } from './lists-of-sites.ts'
import { Store } from './table.ts'
import { dirtyShards, keys } from './table-keys.ts'

const Mark = v.looseObject({ site: SiteId, hour: v.string(), stamp: v.string() })
/** Says that an hour (`yyyy-mm-ddThh`, UTC) of a site has rows that are not in its totals yet. */
export type Mark = v.InferOutput<typeof Mark>

const shards = Array.from({ length: dirtyShards }, (_, shard) => keys.dirtyShard(shard))

/**
 * Stores which hours have to be totalled again. A writer puts its rows, then the mark with a new stamp, then acknowledges
 * the message. A mark is deleted only if its stamp is the one that was read before the hour was totalled.
 */
export class DirtyHourStore extends Store {
  async mark(site: SiteId, hour: string): Promise<void> {
    await this.table.put({ ...keys.dirtyHour(site, hour), site, hour, stamp: randomUUID() })
  }

  /** Returns up to `most` marks in a fair order of their sites, which begins at another site in each turn. */
  async marks(most: number, turn = 0): Promise<Mark[]> {
    return readFairly(this.table, Mark, shards, { most, turn })
  }

  /** Returns false if the hour was marked again meanwhile. */
  async clear({ site, hour, stamp }: Mark): Promise<boolean> {
    return this.table.deleteIf(keys.dirtyHour(site, hour), { condition: 'stamp = :stamp', values: { stamp } })
  }
}
