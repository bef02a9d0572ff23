import { join } from 'node:path'
import * as v from 'valibot'
import { type Disk, realDisk } from './disk.ts'
import { readSealed, writeSealed } from './sealed-file.ts'

const Heard = v.object({ heardMs: v.pipe(v.number(), v.integer(), v.minValue(0)) })

/** When the PBX was last heard, kept so that the next process can say from when on something may have been missed. */
export class HeardFile {
  readonly #path: string
  readonly #disk: Disk

  constructor(stateFolder: string, disk: Disk = realDisk) {
    this.#path = join(stateFolder, 'heard')
    this.#disk = disk
  }

  async load(): Promise<number | undefined> {
    const saved = v.safeParse(Heard, await readSealed(this.#disk, this.#path))
    return saved.success ? saved.output.heardMs : undefined
  }

  async save(heardMs: number): Promise<void> {
    await writeSealed(this.#disk, this.#path, { heardMs })
  }
}
