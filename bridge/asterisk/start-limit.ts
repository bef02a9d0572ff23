import { SwitchhookError } from '../../contracts/errors.ts'
import type { FatalError } from '../failure.ts'
import type { Clock } from '../operate/clock.ts'
import { type AriAddress, AriRefusedError, startFailure } from './ari-errors.ts'

/** A PBX that boots together with the bridge is usually up within this. */
const startMsMax = 10_000

/**
 * Decides what the bridge does after a failed first connection to its PBX. A wrong setting ends the bridge, so that somebody corrects it.
 * If the PBX is dead or still boots, for example after a power cut, the bridge reports it as down and retries.
 */
export class StartLimit {
  readonly #ari: AriAddress
  readonly #clock: Clock
  readonly #deadlineMs: number

  constructor(ari: AriAddress, clock: Clock) {
    this.#ari = ari
    this.#clock = clock
    this.#deadlineMs = clock.monotonicMs() + startMsMax
  }

  /**
   * Returns why the PBX was not reached within the time limit; undefined before it. Throws FatalError for a wrong password or a read-only
   * user at once, and at the limit for a server that answers and is not Asterisk: while it boots, it refuses everything.
   */
  failure(error: unknown): FatalError | undefined {
    const isHopeless = error instanceof SwitchhookError && !error.shouldRetry()
    if (!isHopeless && this.#clock.monotonicMs() < this.#deadlineMs) return undefined
    const failure = startFailure(error, this.#ari)
    if (isHopeless || (error instanceof AriRefusedError && error.isForeign)) throw failure
    return failure
  }
}
