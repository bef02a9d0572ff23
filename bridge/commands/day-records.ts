import { momentSeconds } from '../../contracts/cdr.ts'
import { printOf } from '../../contracts/cdr-digest.ts'
import { localMoment } from '../../contracts/cdr-row/local-moment.ts'
import type { CdrEvent } from '../../contracts/events.ts'
import type { SiteId } from '../../contracts/names.ts'
import type { CdrOrigin } from '../asterisk/cdr-origin.ts'
import { type CdrFormat, type CdrPart, type CdrSettings, cdrFormat, readCdrRecord } from '../normalise/cdr-record.ts'
import { type RefusedRecords, recordHash } from '../spool/refused-records.ts'

/** A PBX with 3 calls a second all day. Further CDRs of a day are left out; count and checksum then differ from the cloud's. */
const cdrsMax = 250_000
const dayMs = 86_400_000

export interface Day {
  /** Events by fingerprint, so that a record in two files counts once. */
  events: Map<string, CdrEvent>
  /** Fingerprints of records that cannot be read: `unreadable/` and the hash that `quarantine list` shows, twice. */
  unreadable: Set<string>
  /** Start of the oldest CDR that the PBX still has, if that is after the beginning of the day. */
  since: string | undefined
}

export interface DaySources {
  site: SiteId
  cdr: CdrSettings
  origin: Pick<CdrOrigin, 'linesSince' | 'reachesBefore'>
  refused: RefusedRecords
}

/** Reads the CDRs of a day, `from` (included) to `to` in Unix milliseconds, from the PBX's files and the quarantine. */
export async function readDay(from: number, to: number, { site, cdr, origin, refused }: DaySources): Promise<Day> {
  const format = cdrFormat(cdr)
  const collected = new DayCollector(from, to, format)
  for await (const { bytes, isOverlong } of origin.linesSince(from)) {
    if (isOverlong) collected.addUnreadable(bytes)
    else if (collected.isNear(bytes)) for (const part of readCdrRecord(site, bytes, format)) collected.add(part)
  }
  const { oldest } = collected
  // Records in quarantine may be gone from the files.
  for (const name of await refused.names()) {
    for (const { bytes } of await refused.read(name)) {
      for (const part of readCdrRecord(site, bytes, format)) collected.add(part)
    }
  }
  const reaches = oldest < from || (await origin.reachesBefore(from))
  const since = reaches || oldest === Number.POSITIVE_INFINITY ? undefined : new Date(oldest).toISOString()
  return { events: collected.events, unreadable: collected.unreadable, since }
}

class DayCollector {
  readonly events = new Map<string, CdrEvent>()
  readonly unreadable = new Set<string>()
  oldest = Number.POSITIVE_INFINITY
  readonly #from: number
  readonly #to: number
  readonly #format: CdrFormat
  readonly #dates: string[] = []
  /** Start of the record before: an unreadable record without a date belongs to its day. */
  #lastMs: number | undefined

  constructor(from: number, to: number, format: CdrFormat) {
    this.#from = from
    this.#to = to
    this.#format = format
    // A record contains its start in the PBX's time, at most 14 hours from UTC.
    const days = Math.ceil((to - from) / dayMs) + 3
    for (let n = 0; n < days; n += 1) this.#dates.push(new Date(from + (n - 1) * dayMs).toISOString().slice(0, 10))
  }

  /** False for records of other days, which are not parsed once the oldest CDR is known to be before the day. */
  isNear(record: Buffer): boolean {
    if (this.oldest >= this.#from || this.#dates.some((date) => record.includes(date))) return true
    // What has no date may be a broken record of the day.
    return !hasDate(record)
  }

  add({ bytes, line }: CdrPart): void {
    if (line.kind === 'malformed') this.addUnreadable(bytes)
    if (line.kind !== 'cdr') return
    const { cdr } = line.event.data
    const start = 1000 * momentSeconds(cdr.start)
    this.#lastMs = start
    this.oldest = Math.min(this.oldest, start)
    if (this.#isOfDay(start) && this.events.size < cdrsMax) this.events.set(printOf(cdr), line.event)
  }

  addUnreadable(bytes: Buffer): void {
    const text = bytes.subarray(0, datedBytesMax).toString('latin1')
    const [date] = /\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d/.exec(text) ?? []
    const seconds = date === undefined ? undefined : localMoment(date, this.#format.zone)
    const at = seconds === undefined ? this.#lastMs : 1000 * seconds
    const hash = recordHash(bytes)
    if ((at === undefined || this.#isOfDay(at)) && this.unreadable.size < cdrsMax) {
      this.unreadable.add(`unreadable/${hash}/${hash}`)
    }
  }

  #isOfDay(ms: number): boolean {
    return ms >= this.#from && ms < this.#to
  }
}

/** The dates of a record are in its first kilobytes. */
const datedBytesMax = 8_192

function hasDate(record: Buffer): boolean {
  return /\d{4}-\d\d-\d\d[ T]\d\d:/.test(record.subarray(0, datedBytesMax).toString('latin1'))
}
