import type { SiteId } from '../../contracts/names.ts'
import type { Batch } from '../asterisk/cdr-file.ts'
import { Backoff } from '../backoff.ts'
import { type CdrFormat, cdrFormat, readCdrRecord } from '../normalise/cdr-record.ts'
import { type Clock, realClock } from '../operate/clock.ts'
import type { Counters } from '../operate/counters.ts'
import { describeError, type Log } from '../operate/log.ts'
import type { Durations } from '../operate/metrics/durations.ts'
import { wait } from '../operate/wait.ts'
import { overlong, type RefusedRecord, type RefusedRecords } from '../spool/refused-records.ts'
import { type Delivery, type Destination, sendBackoff } from './delivery.ts'
import { timeMsOf } from './event-line.ts'
import type { Packer } from './pack.ts'

/** Pause after a send, in which lines gather: at most 2.6 million requests a month, $3 with receive and delete. */
const paceMs = 1000
/** A batch with this many lines is part of a backlog, which is sent without pauses. */
const backlogLines = 500
/** How often a file that cannot be read is looked at again. */
const lookMs = 1000
/** A check of the file reads so many records: one that cannot tell the time zone by then never can. */
const checkedLinesMax = 50

/** Records in batches: of Asterisk's file, or of a table. */
export interface CdrFeed {
  next(signal: AbortSignal): Promise<Batch<unknown> | undefined>
  commit(position: unknown): Promise<void>
}

export interface CdrLaneDependencies {
  site: SiteId
  to: Destination
  file: CdrFeed
  packer: Packer
  delivery: Delivery
  refused: RefusedRecords
  counters: Counters
  log: Log
  durations?: Durations
  clock?: Clock
  /** Default: CSV is recognised by its content, in the time zone of this machine. */
  format?: CdrFormat
  /** Whether the file can be read at all; without it, that is taken for granted. */
  watch?: { look(): Promise<boolean>; readonly isZoneChecked: boolean }
}

/** Sends CDRs from Asterisk's file or table to SQS. The file position advances only past records that SQS or the quarantine has. */
export class CdrLane {
  readonly #dependencies: CdrLaneDependencies
  readonly #clock: Clock
  readonly #format: CdrFormat

  constructor(dependencies: CdrLaneDependencies) {
    this.#dependencies = dependencies
    this.#clock = dependencies.clock ?? realClock
    this.#format = dependencies.format ?? cdrFormat()
  }

  async run(signal: AbortSignal): Promise<void> {
    await this.#isReadable(signal)
    const { file, watch } = this.#dependencies
    for (let lines = 0; ; ) {
      const batch = await file.next(signal)
      // At the start the file may have been absent, empty, or too short to tell the time zone of its records.
      const mustLook = lines === 0 || (lines < checkedLinesMax && watch?.isZoneChecked === false)
      if (!batch || (mustLook && !(await this.#isReadable(signal)))) return
      lines += batch.lines.length
      if (!(await this.#process(batch, signal))) return
      if (batch.lines.length < backlogLines) await wait(paceMs, signal, this.#clock)
    }
  }

  /** Waits while nothing in the file can be read: its records stay there until the configuration is right. */
  async #isReadable(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      try {
        if (!this.#dependencies.watch || (await this.#dependencies.watch.look())) return true
      } catch (error) {
        this.#dependencies.counters.add('cdr-file-unreadable')
        this.#dependencies.log.warn('cdr-file-unreadable', { reason: describeError(error) })
      }
      await wait(lookMs, signal, this.#clock)
    }
    return false
  }

  async #process(batch: Batch<unknown>, signal: AbortSignal): Promise<boolean> {
    const { durations } = this.#dependencies
    const startMs = durations?.start() ?? 0
    let { events, refused } = this.#read(batch)
    if (events.length === 0 && refused.length > 0) {
      if (!(await this.#isReadable(signal))) return false
      ;({ events, refused } = this.#read(batch))
    }
    const { packer, delivery, to } = this.#dependencies
    const bodies = packer.packAll(to.lane, events).map(({ body }) => body)
    if (!(await delivery.deliver(to, bodies, signal))) return false
    durations?.end('records', startMs)
    for (const event of events) durations?.endFrom('record-age', timeMsOf(event))
    // Last: a bridge that is stopped while it sends reads the batch again, and would list these records twice.
    const unlisted = this.#format.isTable ? this.#dependencies.refused.unlisted(refused) : refused
    if (!(await this.#refuse(unlisted, signal))) return false
    this.#dependencies.counters.add('cdrs-sent', events.length)
    this.#dependencies.log.info('cdrs sent', { cdrs: events.length, messages: bodies.length })
    await this.#commit(batch)
    return true
  }

  #read({ lines }: Batch<unknown>): { events: Buffer[]; refused: RefusedRecord[] } {
    const events: Buffer[] = []
    const refused: RefusedRecord[] = []
    for (const { bytes, isOverlong } of lines) {
      if (isOverlong) refused.push({ reason: overlong, bytes })
      else {
        for (const part of readCdrRecord(this.#dependencies.site, bytes, this.#format)) {
          if (part.line.kind === 'cdr') events.push(Buffer.from(part.line.json))
          else if (part.line.kind === 'malformed') refused.push({ reason: part.line.reason, bytes: part.bytes })
        }
      }
    }
    return { events, refused }
  }

  /** Retries until the quarantine has the records: skipping them earlier would lose them. False if the signal aborted it. */
  async #refuse(records: readonly RefusedRecord[], signal: AbortSignal): Promise<boolean> {
    if (records.length === 0) return true
    const { counters, log, refused } = this.#dependencies
    const long = records.filter(({ reason }) => reason === overlong).length
    if (long > 0) counters.add('cdr-line-overlong', long)
    if (records.length > long) counters.add('cdr-line-malformed', records.length - long)
    for (const reason of new Set(records.map((record) => record.reason))) {
      log.warn('cdr-line-malformed', {
        fields: reason,
        lines: records.filter((record) => record.reason === reason).length,
      })
    }
    const backoff = new Backoff(sendBackoff, this.#clock.random)
    while (!signal.aborted) {
      try {
        await refused.put(records)
        return true
      } catch (error) {
        counters.add('quarantine-unwritable')
        log.error('quarantine-unwritable', { reason: describeError(error) })
        await wait(backoff.nextMs(), signal, this.#clock)
      }
    }
    return false
  }

  async #commit(batch: Batch<unknown>): Promise<void> {
    try {
      await this.#dependencies.file.commit(batch.position)
    } catch (error) {
      // The older position remains saved: after a crash the lines are sent again, and the cloud deduplicates them.
      this.#dependencies.counters.add('cdr-position-unsaved')
      this.#dependencies.log.error('cdr-position-unsaved', { reason: describeError(error) })
    }
  }
}
