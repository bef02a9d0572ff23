import type { SiteId } from '../../contracts/names.ts'
import type { Batch, CdrFile } from '../asterisk/cdr-file.ts'
import { Backoff } from '../backoff.ts'
import { type CdrFormat, cdrFormat, readCdrRecord } from '../normalise/cdr-record.ts'
import { type Clock, realClock } from '../operate/clock.ts'
import type { Counters } from '../operate/counters.ts'
import { describeError, type Log } from '../operate/log.ts'
import { wait } from '../operate/wait.ts'
import type { Quarantine } from '../spool/quarantine.ts'
import { type Delivery, type Destination, sendBackoff } from './delivery.ts'
import type { Packer } from './pack.ts'

/** Pause after a send, in which lines gather: at most 2.6 million requests a month, $3 with receive and delete. */
const paceMs = 1000
/** A batch with this many lines is part of a backlog, which is sent without pauses. */
const backlogLines = 500

export interface CdrLaneDependencies {
  site: SiteId
  to: Destination
  file: Pick<CdrFile, 'next' | 'commit'>
  packer: Packer
  delivery: Delivery
  quarantine: Quarantine
  counters: Counters
  log: Log
  clock?: Clock
  /** IANA time zone of times in CSV lines; JSON lines contain their own. Default: this machine's, which is the PBX's. */
  zone?: string | undefined
}

/** Sends CDRs from Asterisk's file to SQS. The file position advances only past lines that SQS or the quarantine has. */
export class CdrLane {
  readonly #dependencies: CdrLaneDependencies
  readonly #clock: Clock
  readonly #format: CdrFormat

  constructor(dependencies: CdrLaneDependencies) {
    this.#dependencies = dependencies
    this.#clock = dependencies.clock ?? realClock
    this.#format = cdrFormat(dependencies.zone)
  }

  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      const batch = await this.#dependencies.file.next(signal)
      if (!batch || !(await this.#process(batch, signal))) return
      if (batch.lines.length < backlogLines) await wait(paceMs, signal, this.#clock)
    }
  }

  async #process(batch: Batch, signal: AbortSignal): Promise<boolean> {
    const events: Buffer[] = []
    for (const line of batch.lines) {
      if (line.isOverlong) {
        if (!(await this.#quarantine('cdr-line-overlong', line.bytes, signal))) return false
        continue
      }
      for (const part of readCdrRecord(this.#dependencies.site, line.bytes, this.#format)) {
        if (part.line.kind === 'cdr') events.push(Buffer.from(part.line.json))
        else if (part.line.kind === 'malformed') {
          this.#dependencies.log.warn('cdr-line-malformed', { fields: part.line.reason, bytes: part.bytes.length })
          if (!(await this.#quarantine('cdr-line-malformed', part.bytes, signal))) return false
        }
      }
    }
    const bodies: string[] = []
    for (let packed = 0; packed < events.length; ) {
      const { body, count } = this.#dependencies.packer.pack(this.#dependencies.to.lane, events.slice(packed))
      bodies.push(body)
      packed += count
    }
    if (!(await this.#dependencies.delivery.deliver(this.#dependencies.to, bodies, signal))) return false
    this.#dependencies.counters.add('cdrs-sent', events.length)
    this.#dependencies.log.info('cdrs sent', { cdrs: events.length, messages: bodies.length })
    await this.#commit(batch)
    return true
  }

  /** Retries until the quarantine has the line: skipping it earlier would lose it. False if the signal aborted it. */
  async #quarantine(errorId: string, bytes: Buffer, signal: AbortSignal): Promise<boolean> {
    this.#dependencies.counters.add(errorId)
    const backoff = new Backoff(sendBackoff, this.#clock.random)
    while (!signal.aborted) {
      try {
        await this.#dependencies.quarantine.put('cdr', bytes)
        return true
      } catch (error) {
        this.#dependencies.counters.add('quarantine-unwritable')
        this.#dependencies.log.error('quarantine-unwritable', { reason: describeError(error) })
        await wait(backoff.nextMs(), signal, this.#clock)
      }
    }
    return false
  }

  async #commit(batch: Batch): Promise<void> {
    try {
      await this.#dependencies.file.commit(batch.position)
    } catch (error) {
      // The older position remains saved: after a crash the lines are sent again, and the cloud deduplicates them.
      this.#dependencies.counters.add('cdr-position-unsaved')
      this.#dependencies.log.error('cdr-position-unsaved', { reason: describeError(error) })
    }
  }
}
