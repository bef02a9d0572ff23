import { join } from 'node:path'
import * as v from 'valibot'
import { type Disk, realDisk } from '../spool/disk.ts'
import { readSealed, writeSealed } from '../spool/sealed-file.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

/** Identifies a file by the crc32 of its first `bytes`, since names and inodes are reused. */
export const Fingerprint = v.object({ bytes: count, crc: count })
export type Fingerprint = v.InferOutput<typeof Fingerprint>

/** Every line of the file before `offset`, and every older file, is in SQS or in the quarantine. */
export const Position = v.object({ fingerprint: Fingerprint, offset: count })
export type Position = v.InferOutput<typeof Position>

const Finished = v.array(Position)

/** Stores the position in the CDR file. If it is lost, the file is read again from its start; record ids deduplicate in the cloud. */
export class CdrCheckpoint {
  readonly #path: string
  readonly #disk: Disk

  constructor(stateFolder: string, disk: Disk = realDisk, name = 'cdr-position') {
    this.#path = join(stateFolder, name)
    this.#disk = disk
  }

  async load(): Promise<Position | undefined> {
    const saved = v.safeParse(Position, await readSealed(this.#disk, this.#path))
    return saved.success ? saved.output : undefined
  }

  async save(position: Position): Promise<void> {
    await writeSealed(this.#disk, this.#path, position)
  }

  /** Returns the end positions of the rotated files that were read completely. */
  async loadFinished(): Promise<Position[]> {
    const saved = v.safeParse(Finished, await readSealed(this.#disk, `${this.#path}-finished`))
    return saved.success ? saved.output : []
  }

  async saveFinished(ends: readonly Position[]): Promise<void> {
    const plain = ends.map(({ fingerprint, offset }) => ({ fingerprint, offset }))
    await writeSealed(this.#disk, `${this.#path}-finished`, plain)
  }
}
