import type { CdrFormat } from '../normalise/cdr-record.ts'
import type { Check, Checks } from '../operate/checks.ts'
import { type Clock, realClock } from '../operate/clock.ts'
import { describeError } from '../operate/log.ts'
import type { RefusedRecords } from '../spool/refused-records.ts'
import { CdrGrowth } from './cdr-growth.ts'
import type { CdrOrigin } from './cdr-origin.ts'

/** `quarantine retry` may have emptied the quarantine from another process. */
const refreshMs = 10_000

export interface CdrWatchDependencies {
  origin: CdrOrigin
  format: CdrFormat
  checks: Checks
  refused: RefusedRecords
  clock?: Clock
  /** Number of calls that have ended; begins at 0 again with each connection to Asterisk. */
  ended(): number
}

/** Keeps the checks of the CDR file or table up to date. */
export class CdrWatch {
  readonly #dependencies: CdrWatchDependencies
  readonly #clock: Clock
  readonly #growth: CdrGrowth
  #refreshedMs = Number.NEGATIVE_INFINITY

  constructor(dependencies: CdrWatchDependencies) {
    this.#dependencies = dependencies
    this.#clock = dependencies.clock ?? realClock
    this.#growth = new CdrGrowth(dependencies.origin)
  }

  /**
   * Reads the end of the file; returns whether its records may be sent. Once the times were those of another zone, too few
   * records to tell, as in a new file, do not change that. Throws the file system's error.
   */
  async look(): Promise<boolean> {
    const { origin, format, checks } = this.#dependencies
    const found = await origin.checks(format)
    for (const check of found) checks.set(check)
    if (!found.some(({ id }) => id === 'cdr-zone')) {
      if (checks.get('cdr-zone')?.state === 'failed') return false
      checks.clear('cdr-zone')
    }
    return found.every(({ state }) => state !== 'failed')
  }

  /** False while the file has too few records to tell the time zone of their times. */
  get isZoneChecked(): boolean {
    return this.#dependencies.checks.get('cdr-zone') !== undefined
  }

  /** Call this each second. */
  async tick(): Promise<void> {
    const { origin, checks, refused, ended } = this.#dependencies
    if (origin.connection) checks.set(origin.connection)
    const nowMs = this.#clock.monotonicMs()
    checks.set(await this.#growth.check(ended(), nowMs))
    if (nowMs - this.#refreshedMs >= refreshMs) {
      this.#refreshedMs = nowMs
      checks.set(await this.#quarantineCheck())
    } else checks.set(quarantineCheck(refused))
  }

  async #quarantineCheck(): Promise<Check> {
    const { refused } = this.#dependencies
    try {
      await refused.refresh()
      return quarantineCheck(refused)
    } catch (error) {
      const reason = `the quarantine cannot be read (${describeError(error)})`
      return { id: 'cdr-quarantine', state: 'warning', reason, repair: 'Let the bridge read and write stateFolder.' }
    }
  }
}

function quarantineCheck({ records, isFull }: RefusedRecords): Check {
  const id = 'cdr-quarantine'
  if (records === 0) return { id, state: 'ok', reason: 'every CDR was read' }
  return {
    id,
    state: isFull ? 'failed' : 'warning',
    reason: `${records} CDRs cannot be read${isFull ? ', and the quarantine is full: the CDR file is not read on' : ''}`,
    repair:
      'switchhook-bridge quarantine list tells why. Correct cdr.layout, or upgrade, then run switchhook-bridge quarantine retry.',
  }
}
