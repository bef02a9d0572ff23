import type { Counters } from '../operate/counters.ts'
import type { Log } from '../operate/log.ts'
import type { OddItems } from './resynchronise.ts'

/** Reasons are names of lists, event types and fields, so there are few; this limits memory all the same. */
const loggedMax = 100

/**
 * Counts what Asterisk sent that had to be repaired or left out. The log names each kind once, by its fields and never by a value,
 * which may be a person's name or number.
 */
export class OddInput implements OddItems {
  readonly #counters: Counters
  readonly #log: Log
  readonly #logged = new Set<string>()

  constructor(counters: Counters, log: Log) {
    this.#counters = counters
    this.#log = log
  }

  onUnusable(list: string, reason: string): void {
    this.#note('ari-item-left-out', `${list}: ${reason}`)
  }

  onRepaired(list: string, reason: string): void {
    this.#note('ari-field-repaired', `${list}: ${reason}`)
  }

  /** Fields of an event were cut or left out, such as `Dial: peer.caller.name`. */
  onEvent(reason: string): void {
    this.#note('ari-field-repaired', reason)
  }

  #note(errorId: 'ari-item-left-out' | 'ari-field-repaired', reason: string): void {
    this.#counters.add(errorId)
    const name = `${errorId} ${reason}`
    if (this.#logged.has(name) || this.#logged.size >= loggedMax) return
    this.#logged.add(name)
    this.#log.warn(errorId, { reason })
  }
}
