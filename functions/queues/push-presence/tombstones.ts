import type { DeltaFrame, EntityTopic } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { tombstoneMs } from '../../stores/presence.ts'

export interface TombstoneStore {
  forget(site: SiteId, topic: EntityTopic, entity: { id: string; v: string }): Promise<void>
}
interface Tombstone {
  site: SiteId
  topic: EntityTopic
  id: string
  v: string
  dueAt: number
}

/** 20 ended calls a second for a quarter of an hour, 2 MB. Time to live deletes the rest, and those lost with the process. */
const tombstonesMax = 20_000
/** Tombstones deleted with one batch: at 10 batches a second, 250 a second, ten times the busiest site. */
const deletionsMax = 25

/**
 * Deletes the tombstones of ended calls, and of members and callers that left a queue, after their time. The list is only in memory, since all it saves is the price of
 * reading the tombstones: a row in the table for each would cost twice that.
 */
export class Tombstones {
  #tombstones: Tombstone[] = []

  add(site: SiteId, frames: readonly DeltaFrame[], now: number): void {
    for (const { topic, entities } of frames) {
      for (const { id, v, state } of entities) {
        const isOver = topic === 'calls' ? state['state'] === 'ended' : state['part'] === 'gone'
        if (isOver) this.#tombstones.push({ site, topic, id, v, dueAt: now + tombstoneMs })
      }
    }
    if (this.#tombstones.length > tombstonesMax) this.#tombstones = this.#tombstones.slice(-tombstonesMax)
  }

  async sweep(presence: TombstoneStore, now: number): Promise<void> {
    const due = this.#tombstones.slice(0, deletionsMax).filter(({ dueAt }) => dueAt <= now)
    this.#tombstones.splice(0, due.length)
    await Promise.all(due.map(({ site, topic, ...entity }) => presence.forget(site, topic, entity)))
  }
}
