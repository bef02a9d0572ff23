import { join } from 'node:path'
import { type Clock, realClock } from '../operate/clock.ts'
import { type Disk, realDisk } from './disk.ts'

/** One item keeps at most 1 MiB of what was put aside; the longest legal SQS body is as long. */
const itemBytesMax = 1_048_576
/** 500 items: 500 MiB at the very worst, under 1 MiB in practice (a frame or a line is 500 bytes). The oldest go first. */
export const itemsMax = 500
/** 16 MiB of frames on their way to the disk at the most. */
const waitingMax = 16
const itemName = /^(\d{13})-(\d{6})-[a-z-]+\.bin$/

/** Bytes that could not be used, kept for a person to look at: `<unix ms>-<count>-<what>.bin`, readable by the bridge's user alone. */
export class Quarantine {
  readonly #folder: string
  readonly #disk: Disk
  readonly #clock: Clock
  #names: string[] = []
  #count = 0
  #waiting = 0
  /** One at a time, so that the bound holds. */
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

  /** How many things wait for a person to look at them. */
  get items(): number {
    return this.#names.length
  }

  /** Whoever cannot wait for the disk counts what it has and lets it go. */
  get isBusy(): boolean {
    return this.#waiting >= waitingMax
  }

  /** `what` is lower case letters and hyphens. Resolves when the bytes are durable; rejects if they cannot be written. */
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

  async #write(what: string, bytes: Uint8Array): Promise<void> {
    this.#count += 1
    const name = `${this.#clock.nowMs()}-${String(this.#count % 1_000_000).padStart(6, '0')}-${what}.bin`
    await this.#disk.replace(join(this.#folder, name), bytes)
    this.#names.push(name)
    await this.#makeRoom()
  }

  /** One that the disk does not remove is none of the new one's business: the next oldest goes, and it is tried again. */
  async #makeRoom(): Promise<void> {
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
