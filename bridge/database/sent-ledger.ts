import { join } from 'node:path'
import * as v from 'valibot'
import { type Disk, realDisk } from '../spool/disk.ts'
import { readSealed, writeSealed } from '../spool/sealed-file.ts'

const Saved = v.object({ source: v.string(), digests: v.record(v.string(), v.string()) })

/** Hours of the latest days are kept, then the day alone; a row with a time in the future takes the place of one day. */
const daysOfHours = 8
/** Minutes and seconds are kept in memory alone: after a restart, the rows of a changed hour are sent again. */
const finestSaved = 13
/** Minutes and seconds of some days; beyond, the oldest are forgotten. */
const fineMax = 20_000

/**
 * What has been sent of a table: the digest of each day, and of each hour of the last days. A day or an hour whose digest
 * in the table is the same needs no look. If the file is lost, the whole table is sent again: record ids deduplicate in the cloud.
 */
export class SentLedger {
  readonly #path: string
  readonly #source: string
  readonly #disk: Pick<Disk, 'read' | 'replace'>
  #digests = new Map<string, string>()
  readonly #fine = new Map<string, string>()
  #isChanged = false

  /** `source` identifies the table. If the file is about another table, nothing counts as sent. */
  constructor(stateFolder: string, source: string, disk: Pick<Disk, 'read' | 'replace'> = realDisk) {
    this.#path = join(stateFolder, 'cdr-table-position')
    this.#source = source
    this.#disk = disk
  }

  async load(): Promise<void> {
    const saved = v.safeParse(Saved, await readSealed(this.#disk, this.#path))
    const isSame = saved.success && saved.output.source === this.#source
    this.#digests = new Map(isSame ? Object.entries(saved.output.digests) : [])
  }

  has(prefix: string | null, digest: string): boolean {
    return this.#digestOf(prefix) === digest
  }

  /** Whether some of the rows were sent. */
  knows(prefix: string | null): boolean {
    return this.#digestOf(prefix) !== undefined
  }

  #digestOf(prefix: string | null): string | undefined {
    const key = prefix ?? ''
    return (key.length > finestSaved ? this.#fine : this.#digests).get(key)
  }

  /** Notes that every row that made this digest is in SQS or in the quarantine. */
  set(prefix: string | null, digest: string): void {
    const key = prefix ?? ''
    if (key.length <= finestSaved) {
      this.#digests.set(key, digest)
      this.#isChanged = true
      return
    }
    this.#fine.delete(key)
    this.#fine.set(key, digest)
    const [oldest] = this.#fine.keys()
    if (this.#fine.size > fineMax && oldest !== undefined) this.#fine.delete(oldest)
  }

  get isChanged(): boolean {
    return this.#isChanged
  }

  /** The first day of which hours are kept; undefined while no older ones were dropped. A sweep by hours must not begin earlier. */
  get hoursSince(): string | undefined {
    const days = new Set([...this.#digests.keys()].filter(isHour).map((hour) => hour.slice(0, 10)))
    return days.size < daysOfHours ? undefined : [...days].sort()[0]
  }

  /** @throws the disk's error; then the older file remains. */
  async save(): Promise<void> {
    this.#dropOldHours()
    await writeSealed(this.#disk, this.#path, { source: this.#source, digests: Object.fromEntries(this.#digests) })
    this.#isChanged = false
  }

  #dropOldHours(): void {
    const hours = [...this.#digests.keys()].filter(isHour)
    const days = [...new Set(hours.map((hour) => hour.slice(0, 10)))].sort().slice(0, -daysOfHours)
    // A day that is not sent completely keeps its hours, which tell what of it is sent.
    const settled = new Set(days.filter((day) => this.#digests.has(day)))
    for (const hour of hours) if (settled.has(hour.slice(0, 10))) this.#digests.delete(hour)
  }
}

const isHour = (key: string) => key.length === finestSaved
