import type { EraseCommand } from '../../contracts/commands.ts'
import { bridgeSource, type ErasedEvent } from '../../contracts/events.ts'
import type { SiteId } from '../../contracts/names.ts'
import { type NumberSearch, numberSearch } from '../../contracts/numbers/number-search.ts'
import { countryCode } from '../../contracts/numbers/phone-number.ts'
import { unverifiedLines } from '../../contracts/packed-body.ts'
import type { Delivery, Destination } from '../forward/delivery.ts'
import type { Packer } from '../forward/pack.ts'
import type { Counters } from '../operate/counters.ts'
import { describeError, type Log } from '../operate/log.ts'
import type { Quarantine } from '../spool/quarantine.ts'
import type { RefusedRecords } from '../spool/refused-records.ts'
import type { Spool } from '../spool/spool.ts'

/** Removes what matches from files of the state folder, and returns how many items there were. */
interface Erasable {
  erase(matches: (bytes: Buffer) => boolean): Promise<number>
}
export interface EraserDependencies {
  site: SiteId
  spool: Pick<Spool, 'emptied'>
  quarantine: Pick<Quarantine, 'erase'>
  refused: Pick<RefusedRecords, 'erase'>
  journal: Erasable
  records: Destination
  packer: Packer
  delivery: Pick<Delivery, 'deliver'>
  counters: Counters
  log: Log
}

/** The cloud repeats the command each minute until the bridge has confirmed it. */
const eraseMsMax = 50_000

/**
 * Erases numbers from the state folder, one erasure after the other, in the background. Facts in the spool are sent, not
 * rewritten: the cloud erases the number from them. Then the quarantine and the journal of commands are searched, and the
 * confirmation is sent. After a crash at any point, the next command does all of it again.
 */
export class Eraser {
  readonly #dependencies: EraserDependencies
  readonly #waiting = new Set<string>()
  #busy: Promise<void> = Promise.resolve()
  constructor(dependencies: EraserDependencies) {
    this.#dependencies = dependencies
  }

  /** Queues an erasure unless it is waiting or running. */
  offer(command: EraseCommand, signal: AbortSignal): void {
    const { erasure } = command
    if (this.#waiting.has(erasure)) return
    this.#waiting.add(erasure)
    this.#busy = this.#busy.then(async () => {
      try {
        if (!signal.aborted) await this.#erase(command, AbortSignal.any([signal, AbortSignal.timeout(eraseMsMax)]))
      } catch (error) {
        this.#dependencies.counters.add('erasure-failed')
        this.#dependencies.log.warn('erasure-failed', { erasure, reason: describeError(error) })
      } finally {
        this.#waiting.delete(erasure)
      }
    })
  }

  async idle(): Promise<void> {
    await this.#busy
  }

  async #erase({ erasure, number, country, outsidePrefix }: EraseCommand, signal: AbortSignal): Promise<void> {
    const { site, spool, quarantine, refused, journal, records, packer, delivery, counters, log } = this.#dependencies
    if (!(await spool.emptied(signal))) {
      counters.add('erasure-unfinished')
      log.warn('erasure-unfinished', { erasure, reason: 'facts wait in the spool until SQS takes them' })
      return
    }
    const matches = holderOf(numberSearch(number, { country: countryCode(country), outsidePrefix }))
    const removed = {
      'items in quarantine': await quarantine.erase(matches),
      'records in quarantine': await refused.erase(matches),
      'claims of calls': await journal.erase(matches),
    }
    const event: ErasedEvent = {
      specversion: '1.0',
      id: `${site}/erased/${erasure}`,
      source: bridgeSource(site),
      subject: erasure,
      type: 'switchhook.erased.v1',
      time: new Date().toISOString(),
      data: { erasure, removed },
    }
    const bodies = packer.packAll(records.lane, [Buffer.from(JSON.stringify(event))]).map(({ body }) => body)
    if (!(await delivery.deliver(records, bodies, signal))) return
    counters.add('erasure-done')
    log.info('erased', { erasure, ...removed })
  }
}

/** Returns whether bytes hold the number: as text, or in the lines of a packed body. */
export function holderOf(search: NumberSearch): (bytes: Buffer) => boolean {
  return (bytes) => {
    const text = bytes.toString('utf8')
    return search.holds(text) || (text.startsWith('{') && (unverifiedLines(text) ?? []).some(search.holds))
  }
}
