import type { DeltaFrame } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { tombstoneMs } from '../../stores/presence.ts'

export interface TombstoneStore {
  forget(site: SiteId, call: { id: string; v: string }): Promise<void>
}
interface Tombstone {
  site: SiteId
  id: string
  v: string
  dueAt: number
}

/** A quarter of an hour of 20 ended calls a second, 2 MB; what is more, or lost with the process, time to live takes. */
const buriedMax = 20_000
/** Deleted with one batch: at 10 batches a second, 250 a second, ten times the busiest site. */
const sweptMax = 25

/**
 * Deletes the tombstones of ended calls once they have served. Kept in the memory of a warm function, since nothing
 * depends on it but the price of reading: a row in the table for each would cost twice what it saves.
 */
export class Tombstones {
  #buried: Tombstone[] = []

  note(site: SiteId, frames: readonly DeltaFrame[], now: number): void {
    for (const { topic, entities } of frames) {
      if (topic !== 'calls') continue
      for (const { id, v, state } of entities) {
        if (state['state'] === 'ended') this.#buried.push({ site, id, v, dueAt: now + tombstoneMs })
      }
    }
    if (this.#buried.length > buriedMax) this.#buried = this.#buried.slice(-buriedMax)
  }

  async sweep(presence: TombstoneStore, now: number): Promise<void> {
    const due = this.#buried.slice(0, sweptMax).filter(({ dueAt }) => dueAt <= now)
    this.#buried.splice(0, due.length)
    await Promise.all(due.map(({ site, ...call }) => presence.forget(site, call)))
  }
}
