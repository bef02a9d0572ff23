import type { Check } from '../operate/check.ts'

/** Asterisk appends a record when its call ends, if it does not write in batches. */
const lateMsMax = 60_000
/** Calls that end without a record: a dial plan may switch records off for one of them. */
const callsMin = 3

/** Watches whether the file of call records grows while calls end: a wrong file, or batch mode, goes unnoticed otherwise. */
export class CdrGrowth {
  #endedSince = 0
  #firstEndMs = 0

  /** Counts an ended call. `nowMs` is of a clock that never goes back. */
  callEnded(nowMs: number): void {
    if (this.#endedSince === 0) this.#firstEndMs = nowMs
    this.#endedSince += 1
  }

  /** Counts records that the bridge read from the file. */
  recordsRead(): void {
    this.#endedSince = 0
  }

  check(nowMs: number): Check {
    const id = 'cdr-file-growth'
    const isLate = this.#endedSince >= callsMin && nowMs - this.#firstEndMs > lateMsMax
    if (!isLate) return { id, state: 'ok', reason: 'call records arrive as calls end' }
    return {
      id,
      state: 'warning',
      reason: `${this.#endedSince} calls have ended and no call record was written for ${Math.round((nowMs - this.#firstEndMs) / 1000)} s`,
      repair:
        'Set batch = no and unanswered = yes in cdr.conf, and check that cdr.file is the file that Asterisk writes.',
    }
  }
}
