import type { SiteId } from '../../contracts/names.ts'
import { Stamp, type Telling } from '../normalise/stamp.ts'
import type { Spool } from '../spool/spool.ts'

/** Longest event and its record's header, with room to spare: what must be free before a place in the order is given. */
const roomBytes = 1_048_576 + 16
/** Some hundred facts more, so that a full spool is not called empty for one. */
const roomAgainBytes = roomBytes + 65_536

/** Gives facts their place in the order and hands them to the spool. */
export class FactLog {
  readonly #site: SiteId
  readonly #spool: Pick<Spool, 'append' | 'hasRoom'>
  #stamp: Stamp | undefined
  #refusedSinceMs: number | undefined
  #refused = 0

  constructor(site: SiteId, spool: Pick<Spool, 'append' | 'hasRoom'>) {
    this.#site = site
    this.#spool = spool
  }

  beginEpoch(epoch: number): void {
    this.#stamp = new Stamp(this.#site, epoch)
  }

  get hasBegun(): boolean {
    return this.#stamp !== undefined
  }

  /** False if the spool is full: the fact is dropped, and takes no number, so that the counts stay dense. */
  publish(telling: Telling, time: string, nowMs: number): boolean {
    if (!this.#stamp) throw new Error('a fact was told before the first epoch')
    if (!this.#spool.hasRoom(roomBytes)) {
      this.#refusedSinceMs ??= nowMs
      this.#refused += 1
      return false
    }
    this.#spool.append(Buffer.from(JSON.stringify(this.#stamp.event(telling, time))))
    return true
  }

  /** A line that goes to the cloud without the spool. */
  encodeUnspooled(telling: Telling, time: string): string {
    if (!this.#stamp) throw new Error('a fact was told before the first epoch')
    return JSON.stringify(this.#stamp.event(telling, time))
  }

  /** Since when facts were dropped, once there is room again; asking clears it. */
  takeDropped(): { sinceMs: number; count: number } | undefined {
    const sinceMs = this.#refusedSinceMs
    if (sinceMs === undefined || !this.#spool.hasRoom(roomAgainBytes)) return undefined
    const count = this.#refused
    this.#refusedSinceMs = undefined
    this.#refused = 0
    return { sinceMs, count }
  }
}
