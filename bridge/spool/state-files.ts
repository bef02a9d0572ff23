import { join } from 'node:path'
import * as v from 'valibot'
import type { Clock } from '../operate/clock.ts'
import type { CounterId } from '../operate/metrics/counter-catalogue.ts'
import { type Disk, realDisk } from './disk.ts'
import { readSealed, writeSealed } from './sealed-file.ts'

/*
 * Two values in the state folder that a later process of the bridge reads: the newest epoch, and when Asterisk was last seen.
 */

const SavedEpoch = v.object({ epoch: v.pipe(v.number(), v.integer(), v.minValue(0)) })

/**
 * Returns a new epoch, already durable on disk. It is greater than every earlier one, even if the clock was set back. If the
 * file is lost, the clock alone keeps epochs increasing.
 */
export async function takeEpoch(stateFolder: string, nowMs: number, disk: Disk = realDisk): Promise<number> {
  const path = join(stateFolder, 'epoch')
  const saved = v.safeParse(SavedEpoch, await readSealed(disk, path))
  const epoch = Math.max(saved.success ? saved.output.epoch + 1 : 1, Math.floor(nowMs / 1000))
  await writeSealed(disk, path, { epoch })
  return epoch
}

const SavedLastSeen = v.object({ heardMs: v.pipe(v.number(), v.integer(), v.minValue(0)) })

/** After a crash the published gap begins up to this much too early. One fsync each 5 s does not wear a disk. */
const lastSeenSaveMs = 5000

/** Keeps when Asterisk was last seen (Unix milliseconds), so that the next process knows from when events may be missing. */
export class LastSeenFile {
  readonly #path: string
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #onCount: (id: CounterId) => void
  /** By the clock that never goes back. */
  #savedMs = Number.NEGATIVE_INFINITY

  constructor(stateFolder: string, disk: Disk, clock: Clock, onCount: (id: CounterId) => void) {
    this.#path = join(stateFolder, 'heard')
    this.#disk = disk
    this.#clock = clock
    this.#onCount = onCount
  }

  async load(): Promise<number | undefined> {
    const saved = v.safeParse(SavedLastSeen, await readSealed(this.#disk, this.#path))
    return saved.success ? saved.output.heardMs : undefined
  }

  /** Saves the time now. A failure is counted and ignored: the next gap then begins too early. */
  async save(): Promise<void> {
    this.#savedMs = this.#clock.monotonicMs()
    const value = { heardMs: this.#clock.nowMs() }
    await writeSealed(this.#disk, this.#path, value).catch(() => this.#onCount('heard-unsaved'))
  }

  /** Call this each second while Asterisk is connected. */
  async saveIfDue(): Promise<void> {
    if (this.#clock.monotonicMs() - this.#savedMs >= lastSeenSaveMs) await this.save()
  }
}
