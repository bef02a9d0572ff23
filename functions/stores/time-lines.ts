import * as v from 'valibot'
import { fnv1a32 } from '../../contracts/fnv1a.ts'
import type { SiteId } from '../../contracts/names.ts'
import { TimeLineEntry } from '../../contracts/time-line.ts'
import { timeToLive } from './expressions.ts'
import { Store } from './table.ts'
import { keys } from './table-keys.ts'

const Row = v.looseObject({ entries: v.array(TimeLineEntry) })
const keptSeconds = 30 * 86_400
/** Concurrent writes: as many as ten messages usually have calls. */
const writesAtOnce = 25

/** A call of ten hours with a state a second is 36 items of 1,000 states: some pages of 1 MB. */
const pagesMax = 100

/** Stores what happened to each call, one item a batch and call: 1 write unit up to 1 KB, which three states fill. */
export class TimeLineStore extends Store {
  /**
   * Stores the entries of each call as one item. The sort key has a hash of their versions: a redelivery of the same entries
   * overwrites its item, and other entries make an item of their own, so a part never replaces the whole. `read` returns
   * each version once.
   */
  async put(site: SiteId, byCall: ReadonlyMap<string, readonly TimeLineEntry[]>, now: number): Promise<void> {
    const calls = byCall.entries()
    const worker = async () => {
      for (const [call, entries] of calls) {
        const [first] = entries
        if (!first) continue
        const cut = fnv1a32(entries.map(({ v }) => v).join())
        const key = { pk: keys.timeLine(site, call), sk: `${first.v}#${cut}` }
        await this.table.put({ ...key, entries, ttl: timeToLive(now, keptSeconds) })
      }
    }
    await Promise.all(Array.from({ length: writesAtOnce }, worker))
  }

  /** Returns the entries of a call, oldest first, each version once. */
  async read(site: SiteId, call: string): Promise<TimeLineEntry[]> {
    const byVersion = new Map<string, TimeLineEntry>()
    for (const { entries } of await this.table.items(
      Row,
      { pk: keys.timeLine(site, call), read: 'eventual' },
      pagesMax,
    )) {
      for (const entry of entries) if (!byVersion.has(entry.v)) byVersion.set(entry.v, entry)
    }
    return [...byVersion.values()].sort((a, b) => (a.v < b.v ? -1 : 1))
  }
}
