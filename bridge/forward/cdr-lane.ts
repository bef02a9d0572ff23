import type { SiteId } from '../../contracts/names.ts'
import type { Batch, CdrFile } from '../asterisk/cdr-file.ts'
import { Backoff } from '../backoff.ts'
import { readCdrRecord } from '../normalise/cdr-record.ts'
import { type Clock, realClock } from '../operate/clock.ts'
import type { Counters } from '../operate/counters.ts'
import { describeError, type Log } from '../operate/log.ts'
import { wait } from '../operate/wait.ts'
import type { Quarantine } from '../spool/quarantine.ts'
import { type Delivery, type Destination, sendBackoff } from './delivery.ts'
import type { Packer } from './pack.ts'

/** After a send, lines gather this long: at most 2.6 million requests a month, $3 with receive and delete. */
const paceMs = 1000
/** More lines than this at once are a backlog, which is not paced. */
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
  /** Of the times in CSV; JSON lines say theirs. Absent: this machine's, which is the PBX's. */
  zone?: string | undefined
}

/** CDRs from Asterisk's file to SQS. The position moves only after SQS, or the quarantine, has every line before it. */
export class CdrLane {
  readonly #parts: CdrLaneDependencies
  readonly #clock: Clock
  readonly #zone: string

  constructor(parts: CdrLaneDependencies) {
    this.#parts = parts
    this.#clock = parts.clock ?? realClock
    this.#zone = parts.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone
  }

  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      const batch = await this.#parts.file.next(signal)
      if (!batch || !(await this.#settle(batch, signal))) return
      if (batch.lines.length < backlogLines) await wait(paceMs, signal, this.#clock)
    }
  }

  async #settle(batch: Batch, signal: AbortSignal): Promise<boolean> {
    const events: Buffer[] = []
    for (const line of batch.lines) {
      if (line.isOverlong) {
        if (!(await this.#putAside('cdr-line-overlong', line.bytes, signal))) return false
        continue
      }
      for (const part of readCdrRecord(this.#parts.site, line.bytes, this.#zone)) {
        if (part.line.kind === 'cdr') events.push(Buffer.from(part.line.json))
        else {
          this.#parts.log.warn('cdr-line-malformed', { fields: part.line.reason, bytes: part.bytes.length })
          if (!(await this.#putAside('cdr-line-malformed', part.bytes, signal))) return false
        }
      }
    }
    const bodies: string[] = []
    for (let packed = 0; packed < events.length; ) {
      const { body, count } = this.#parts.packer.pack(this.#parts.to.lane, events.slice(packed))
      bodies.push(body)
      packed += count
    }
    if (!(await this.#parts.delivery.deliver(this.#parts.to, bodies, signal))) return false
    this.#parts.counters.add('cdrs-sent', events.length)
    this.#parts.log.info('cdrs sent', { cdrs: events.length, messages: bodies.length })
    await this.#commit(batch)
    return true
  }

  /** Tried until the quarantine has the line: passing over it before would lose it. */
  async #putAside(errorId: string, bytes: Buffer, signal: AbortSignal): Promise<boolean> {
    this.#parts.counters.add(errorId)
    const backoff = new Backoff(sendBackoff, this.#clock.random)
    while (!signal.aborted) {
      try {
        await this.#parts.quarantine.put('cdr', bytes)
        return true
      } catch (error) {
        this.#parts.counters.add('quarantine-unwritable')
        this.#parts.log.error('quarantine-unwritable', { reason: describeError(error) })
        await wait(backoff.nextMs(), signal, this.#clock)
      }
    }
    return false
  }

  async #commit(batch: Batch): Promise<void> {
    try {
      await this.#parts.file.commit(batch.position)
    } catch (error) {
      // The older position stands: after a crash these lines are sent again, and absorbed.
      this.#parts.counters.add('cdr-position-unsaved')
      this.#parts.log.error('cdr-position-unsaved', { reason: describeError(error) })
    }
  }
}
