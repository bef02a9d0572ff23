import { join } from 'node:path'
import * as v from 'valibot'
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

/** Keeps when Asterisk was last seen (Unix milliseconds), so that the next process knows from when events may be missing. */
export class LastSeenFile {
  readonly #path: string
  readonly #disk: Disk

  constructor(stateFolder: string, disk: Disk = realDisk) {
    this.#path = join(stateFolder, 'heard')
    this.#disk = disk
  }

  async load(): Promise<number | undefined> {
    const saved = v.safeParse(SavedLastSeen, await readSealed(this.#disk, this.#path))
    return saved.success ? saved.output.heardMs : undefined
  }

  async save(lastSeenMs: number): Promise<void> {
    await writeSealed(this.#disk, this.#path, { heardMs: lastSeenMs })
  }
}
