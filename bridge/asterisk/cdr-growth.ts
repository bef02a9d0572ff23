import type { Check } from '../operate/checks.ts'
import type { CdrOrigin } from './cdr-origin.ts'

/** Asterisk appends a record when its call ends, unless it writes in batches: 300 s or 100 records by default. */
const lateMsMax = 60_000
/** A dial plan may switch off the record of a call, so that one call without a record says nothing. */
const callsMin = 3

/** Watches whether the CDR file grows while calls end: a wrong file, or batch mode, goes unnoticed otherwise. */
export class CdrGrowth {
  readonly #origin: Pick<CdrOrigin, 'name' | 'version'>
  #version: string | undefined
  #endedBefore = 0
  /** Calls that have ended since the file last changed, and when the first of them did. */
  #ended = 0
  #firstMs = 0

  constructor(origin: Pick<CdrOrigin, 'name' | 'version'>) {
    this.#origin = origin
  }

  /**
   * Call it each second with the number of calls that have ended, which begins at 0 again with each connection, and the time of
   * a clock that never goes back.
   */
  async check(ended: number, nowMs: number): Promise<Check> {
    const fresh = ended >= this.#endedBefore ? ended - this.#endedBefore : ended
    this.#endedBefore = ended
    if (fresh > 0 && this.#ended === 0) this.#firstMs = nowMs
    this.#ended += fresh
    if (this.#ended > 0 && (await this.#hasChanged())) this.#ended = 0
    const lateMs = nowMs - this.#firstMs
    if (this.#ended < callsMin || lateMs < lateMsMax) {
      return { id: 'cdr-growth', state: 'ok', reason: 'CDRs are written as calls end' }
    }
    return {
      id: 'cdr-growth',
      state: 'warning',
      reason: `${callsMin} or more calls ended, and no CDR was written to ${this.#origin.name} for a minute`,
      repair:
        'In cdr.conf set enable = yes, batch = no and unanswered = yes, and check that cdr.file or cdr.database is what Asterisk writes.',
    }
  }

  async #hasChanged(): Promise<boolean> {
    const version = await this.#origin.version()
    const hasChanged = version !== this.#version
    this.#version = version
    return hasChanged
  }
}
