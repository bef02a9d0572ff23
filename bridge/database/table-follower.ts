import { offsetAt } from '../../contracts/zone.ts'
import type { Batch } from '../asterisk/cdr-file.ts'
import { Backoff } from '../backoff.ts'
import type { Line } from '../normalise/line-splitter.ts'
import type { Check } from '../operate/checks.ts'
import { type Clock, realClock } from '../operate/clock.ts'
import { describeError } from '../operate/log.ts'
import type { CounterId } from '../operate/metrics/counter-catalogue.ts'
import { wait } from '../operate/wait.ts'
import type { CdrTable } from './cdr-table.ts'
import type { SentLedger } from './sent-ledger.ts'
import { KnownRows, sweep } from './table-sweep.ts'
import { earlier, type TimeRange, wallClock } from './time-prefix.ts'

/*
 * Follows a table of call detail records, to which Asterisk adds the row of each call at its end. No column of it is a position: a row
 * has the time of its call's start, `sequence` begins again with each start of Asterisk, and rows may come late. So the
 * bridge compares digests of what the table has, by hour, with those of what it sent, and reads where they differ: the last three hours
 * every few seconds, the last three days every five minutes, and the whole table at each connection and every six hours. It
 * needs no more than SELECT.
 */

const hotMs = 3 * 3_600_000
const recentMs = 3 * 86_400_000
const recentEveryMs = 300_000
const allEveryMs = 6 * 3_600_000
/** A look at the table takes at most a tenth of the time, at two seconds or longer between two. */
const pauseMs = 2000
const pauseShare = 9
const pauseMsMax = 300_000
/** A restart reads again what was sent since. */
const saveEveryMs = 5000
const reconnectBackoff = { firstMs: 500, longestMs: 10_000 }

export interface TableFollowerOptions {
  /** As messages name it: `the table cdr`. */
  name: string
  connect(): Promise<CdrTable>
  ledger: SentLedger
  /** IANA time zone of the table's times. */
  zone: string
  /** Earlier rows are left out: `yyyy-mm-dd`. */
  since?: string | undefined
  clock?: Clock
  onCount(id: CounterId): void
}

export class TableFollower {
  readonly #options: TableFollowerOptions
  readonly #clock: Clock
  readonly #known = new KnownRows()
  readonly #backoff: Backoff
  #table: CdrTable | undefined
  #sweeping: AsyncGenerator<Buffer[], void> | undefined
  #sweepMs = 0
  #recentMs = Number.NEGATIVE_INFINITY
  #allMs = Number.NEGATIVE_INFINITY
  #savedMs = Number.NEGATIVE_INFINITY
  #found = 0
  #failure: string | undefined

  constructor(options: TableFollowerOptions) {
    this.#options = options
    this.#clock = options.clock ?? realClock
    this.#backoff = new Backoff(reconnectBackoff, this.#clock.random)
  }

  /** Reads what was sent. The database may be away: the bridge waits for it. */
  async open(): Promise<void> {
    await this.#options.ledger.load()
  }

  /** Waits for the next rows, as lines of JSON; `undefined` once the signal aborts. Call it only after those before are settled. */
  async next(signal: AbortSignal): Promise<Batch<number> | undefined> {
    // A query is not waited for: a stopping bridge would wait for the database.
    const onAbort = () => this.#disconnect()
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      while (!signal.aborted) {
        const lines = await this.#look(signal)
        if (lines) return { lines, position: this.#found }
      }
      return undefined
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  async #look(signal: AbortSignal): Promise<Line[] | undefined> {
    try {
      this.#table ??= await this.#connect()
      this.#sweeping ??= this.#nextSweep(this.#table)
      const startMs = this.#clock.monotonicMs()
      const { done, value } = await this.#sweeping.next()
      this.#sweepMs += this.#clock.monotonicMs() - startMs
      if (!done) {
        this.#found += value.length
        return value.map((bytes) => ({ bytes, end: 0, isOverlong: false }))
      }
      this.#backoff.reset()
    } catch (error) {
      if (signal.aborted) return undefined
      this.#failure = describeError(error)
      this.#options.onCount('cdr-database-unreachable')
      this.#disconnect()
      await wait(this.#backoff.nextMs(), signal, this.#clock)
      return undefined
    }
    this.#sweeping = undefined
    await this.#saveIfDue()
    await wait(Math.min(pauseMsMax, Math.max(pauseMs, this.#sweepMs * pauseShare)), signal, this.#clock)
    this.#sweepMs = 0
    return undefined
  }

  async #connect(): Promise<CdrTable> {
    const table = await this.#options.connect()
    this.#failure = undefined
    // The database may have been restored, or have got rows of any time.
    this.#allMs = Number.NEGATIVE_INFINITY
    return table
  }

  #disconnect(): void {
    this.#table?.close()
    this.#table = undefined
    this.#sweeping = undefined
  }

  async *#nextSweep(table: CdrTable): AsyncGenerator<Buffer[], void> {
    const { ledger } = this.#options
    const nowMs = this.#clock.monotonicMs()
    const sent = { ledger, known: this.#known }
    if (nowMs - this.#allMs >= allEveryMs) {
      yield* sweep(table, sent, 10, this.#range())
      this.#allMs = nowMs
      this.#recentMs = nowMs
      return
    }
    const isRecentDue = nowMs - this.#recentMs >= recentEveryMs
    const from = await this.#floor(table, isRecentDue ? recentMs : hotMs)
    if (from !== undefined) yield* sweep(table, sent, 13, this.#range(from))
    if (isRecentDue) this.#recentMs = nowMs
  }

  #range(from?: string): Partial<TimeRange> | undefined {
    const { since } = this.#options
    const hoursSince = from === undefined ? undefined : this.#options.ledger.hoursSince
    const days = [since, hoursSince].flatMap((day) => (day === undefined ? [] : `${day} 00:00:00`))
    const last = [...days, ...(from === undefined ? [] : [from])].sort().at(-1)
    return last === undefined ? undefined : { from: last }
  }

  /**
   * The full hour `ms` before the latest row or before now, whichever is earlier: the clock of this machine may be wrong, and so may the
   * time of a row.
   */
  async #floor(table: CdrTable, ms: number): Promise<string | undefined> {
    const seconds = Math.floor(this.#clock.nowMs() / 1000)
    const offset = table.facts.isAbsolute ? 0 : offsetAt(this.#options.zone, seconds)
    const latest = await table.latest()
    const floors = [wallClock((seconds + offset) * 1000), latest].flatMap((text) => {
      const floor = text === undefined ? undefined : earlier(text, ms)
      return floor === undefined ? [] : [floor]
    })
    const [earliest] = floors.sort()
    return earliest && `${earliest.slice(0, 13)}:00:00`
  }

  /** Saves what was sent, at most every few seconds. @throws the disk's error */
  async commit(_position: number): Promise<void> {
    if (this.#clock.monotonicMs() - this.#savedMs < saveEveryMs) return
    this.#savedMs = this.#clock.monotonicMs()
    await this.#options.ledger.save()
  }

  async #saveIfDue(): Promise<void> {
    if (!this.#options.ledger.isChanged) return
    try {
      await this.commit(this.#found)
    } catch {
      this.#options.onCount('cdr-position-unsaved')
    }
  }

  /** Bytes that wait in the source are not known of a table. */
  async unreadBytes(): Promise<number> {
    return 0
  }

  /** Number of rows that were new since the start. */
  get found(): number {
    return this.#found
  }

  /** Whether the database answers; undefined before the first connection. */
  get connection(): Check | undefined {
    const { name } = this.#options
    if (this.#failure !== undefined) {
      const reason = `${name} cannot be read (${this.#failure}): its rows are read once the database answers`
      return {
        id: 'cdr-database',
        state: 'failed',
        reason,
        repair: 'Start the database, or run switchhook-bridge check',
      }
    }
    return this.#table && { id: 'cdr-database', state: 'ok', reason: `${name} is read` }
  }

  async close(): Promise<void> {
    this.#disconnect()
    if (this.#options.ledger.isChanged) await this.#options.ledger.save()
  }
}
