import type { Counters } from '../operate/counters.ts'
import { describeError, type Log } from '../operate/log.ts'
import type { Quarantine } from '../spool/quarantine.ts'

/** The first event of this many unknown types goes to the quarantine. */
const unknownTypesMax = 100

/** Counts frames that cannot be read, and puts them into the quarantine for a person to look at. */
export class OddFrames {
  readonly #dependencies: { counters: Counters; log: Log; quarantine: Quarantine }
  readonly #unknownTypes = new Set<string>()

  constructor(dependencies: { counters: Counters; log: Log; quarantine: Quarantine }) {
    this.#dependencies = dependencies
  }

  onMalformed(bytes: Buffer, reason: string): void {
    this.#quarantine('ari-frame-malformed', bytes, reason)
  }

  /** An event of an unknown type: the first of each type goes to the quarantine. */
  onUnknown(bytes: Buffer, type: string): void {
    const isNew = !this.#unknownTypes.has(type) && this.#unknownTypes.size < unknownTypesMax
    if (!isNew) this.#dependencies.counters.add('ari-event-unknown')
    else {
      this.#unknownTypes.add(type)
      this.#quarantine('ari-event-unknown', bytes, type)
    }
  }

  #quarantine(errorId: 'ari-frame-malformed' | 'ari-event-unknown', bytes: Buffer, reason: string): void {
    const { counters, log, quarantine } = this.#dependencies
    counters.add(errorId)
    log.warn(errorId, { reason, bytes: bytes.length })
    if (quarantine.isBusy) {
      counters.add('quarantine-busy')
      return
    }
    quarantine.put('ari', bytes).catch((error: unknown) => {
      counters.add('quarantine-unwritable')
      log.error('quarantine-unwritable', { reason: describeError(error) })
    })
  }
}
