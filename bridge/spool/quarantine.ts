import { join } from 'node:path'
import { type Clock, realClock } from '../operate/clock.ts'
import { type Disk, readIfPresent, realDisk, withoutSuffix } from './disk.ts'

/** Longer items are cut. The longest SQS body is 1 MiB too. */
const itemBytesMax = 1_048_576
/** At most 500 MiB; under 1 MiB in practice, since a frame or a line has 500 bytes. The oldest items are deleted first. */
export const itemsMax = 500
/** At most 16 MiB wait for the disk. */
const waitingMax = 16
/** Files `…-cdr.bin` hold CDRs of an earlier version: refused-records.ts reads them, and nothing deletes them to make room. */
const itemName = /^(\d{13})-(\d{6})-(?!cdr\.bin$)([a-z-]+)\.bin$/

/** Keeps unusable bytes for the operator, in files `<unix ms>-<count>-<what>.bin` that only the bridge's user can read. */
export class Quarantine {
  readonly #folder: string
  readonly #disk: Disk
  readonly #clock: Clock
  #names: string[] = []
  #count = 0
  #waiting = 0
  /** Writes run one after the other, so that `itemsMax` holds. */
  #last: Promise<void> = Promise.resolve()

  constructor(folder: string, disk: Disk = realDisk, clock: Clock = realClock) {
    this.#folder = folder
    this.#disk = disk
    this.#clock = clock
  }

  async open(): Promise<void> {
    await this.#disk.makeFolder(this.#folder)
    this.#names = (await this.#disk.list(this.#folder)).filter((name) => itemName.test(name)).sort()
  }

  /** When each item was refused, in Unix milliseconds, and what it is; oldest first. */
  list(): { atMs: number; what: string }[] {
    return this.#names.map((name) => {
      const [, at, , what = ''] = itemName.exec(name) ?? []
      return { atMs: Number(at), what }
    })
  }

  /** Number of items on disk. */
  get items(): number {
    return this.#names.length
  }

  /** Whether too many items wait for the disk. A caller that cannot wait then drops its bytes and counts them. */
  get isBusy(): boolean {
    return this.#waiting >= waitingMax
  }

  /** Resolves when the bytes are durable; rejects if they cannot be written. `what`: lower case letters and hyphens. */
  put(what: string, bytes: Uint8Array): Promise<void> {
    this.#waiting += 1
    const turn = this.#last
      .then(() => this.#write(what, bytes.subarray(0, itemBytesMax)))
      .finally(() => {
        this.#waiting -= 1
      })
    this.#last = turn.catch(() => undefined)
    return turn
  }

  /**
   * Removes the items that match, and what a crash left of one that was being written. Returns how many there were. After a
   * crash in between, the others are still there.
   */
  erase(matches: (bytes: Buffer) => boolean): Promise<number> {
    const turn = this.#last.then(() => this.#erase(matches))
    this.#last = turn.then(
      () => undefined,
      () => undefined,
    )
    return turn
  }

  async #erase(matches: (bytes: Buffer) => boolean): Promise<number> {
    let removed = 0
    for (const name of await this.#disk.list(this.#folder)) {
      if (!itemName.test(withoutSuffix(name))) continue
      const path = join(this.#folder, name)
      const bytes = await readIfPresent(this.#disk, path)
      if (!bytes || !matches(bytes)) continue
      await this.#disk.remove(path)
      this.#names = this.#names.filter((known) => known !== name)
      removed += 1
    }
    return removed
  }

  async #write(what: string, bytes: Uint8Array): Promise<void> {
    this.#count += 1
    const name = `${this.#clock.nowMs()}-${String(this.#count % 1_000_000).padStart(6, '0')}-${what}.bin`
    await this.#disk.replace(join(this.#folder, name), bytes)
    this.#names.push(name)
    await this.#deleteOldest()
  }

  /** If the oldest item cannot be deleted, deletes the next oldest, and retries the oldest at the next write. */
  async #deleteOldest(): Promise<void> {
    for (const oldest of this.#names.slice(0, -1)) {
      if (this.#names.length <= itemsMax) return
      try {
        await this.#disk.remove(join(this.#folder, oldest))
      } catch {
        continue
      }
      this.#names.splice(this.#names.indexOf(oldest), 1)
    }
  }
}
