import { ApiError, type CdrPage } from '../client/call-log.ts'
import type { Clock } from '../client/clock.ts'
import type { Cdr } from '../contracts/cdr.ts'
import { cdrMs } from './moments.ts'

export const logPageRows = 25
/** 20 pages. To find older calls, a person uses the search. */
export const logRowsMax = 500
/** A CDR is stored within a second or two after its call ends. Some calls never write one. */
const awaitedMsMax = 10_000
const firstWaitMs = 250
const waitMsMax = 2_000

export interface CdrSource {
  listCdrs(query: { limit?: number; cursor?: string }): Promise<CdrPage>
}

const rowKey = ({ uniqueid, sequence }: Cdr) => `${uniqueid} ${sequence}`
const newestFirst = (a: Cdr, b: Cdr) => cdrMs(b.start) - cdrMs(a.start) || b.sequence - a.sequence

/** The latest calls, page by page. Reads the newest page again whenever a live call has ended. */
export class CallLog {
  rows: readonly Cdr[] = []
  isLoaded = false
  isLoadingOlder = false
  /** Why the last request failed; undefined after one succeeds. */
  failure: string | undefined
  readonly #source: CdrSource
  readonly #clock: Clock
  readonly #onChange: () => void
  #cursor: string | undefined
  /** When to stop waiting for the record of each call, by linkedid. */
  readonly #awaited = new Map<string, number>()
  #waitMs = firstWaitMs
  #cancelWait: (() => void) | undefined
  #isStopped = false

  constructor(source: CdrSource, clock: Clock, onChange: () => void) {
    this.#source = source
    this.#clock = clock
    this.#onChange = onChange
  }

  get hasOlder(): boolean {
    return this.#cursor !== undefined && this.rows.length < logRowsMax
  }

  async refresh(): Promise<void> {
    const page = await this.#read({ limit: logPageRows })
    if (!page) return
    const known = new Set(this.rows.map(rowKey))
    // Without a common row, calls may be missing between the rows and this page. So start again with it.
    const joins = page.cdrs.some((cdr) => known.has(rowKey(cdr))) || page.cursor === undefined
    if (!joins || !this.isLoaded) {
      this.rows = []
      this.#cursor = page.cursor
    }
    this.#merge(page.cdrs)
    this.isLoaded = true
    this.#onChange()
  }

  async older(): Promise<void> {
    if (this.#cursor === undefined || this.isLoadingOlder) return
    this.isLoadingOlder = true
    this.#onChange()
    const page = await this.#read({ limit: logPageRows, cursor: this.#cursor })
    this.isLoadingOlder = false
    if (page) {
      this.#cursor = page.cursor
      this.#merge(page.cdrs)
    }
    this.#onChange()
  }

  /** Reads the log again until it has the record of an ended call, for 10 s at most. */
  awaitRecord(linkedid: string): void {
    this.#awaited.set(linkedid, this.#clock.now() + awaitedMsMax)
    this.#waitMs = firstWaitMs
    this.#lookLater()
  }

  stop(): void {
    this.#isStopped = true
    this.#cancelWait?.()
  }

  #lookLater(): void {
    this.#cancelWait?.()
    if (this.#awaited.size === 0 || this.#isStopped) return
    this.#cancelWait = this.#clock.after(this.#waitMs, () => this.#look())
    this.#waitMs = Math.min(waitMsMax, this.#waitMs * 2)
  }

  async #look(): Promise<void> {
    await this.refresh()
    for (const { linkedid } of this.rows) this.#awaited.delete(linkedid)
    for (const [linkedid, until] of this.#awaited) if (this.#clock.now() >= until) this.#awaited.delete(linkedid)
    this.#lookLater()
  }

  #merge(cdrs: readonly Cdr[]): void {
    const merged = new Map([...this.rows, ...cdrs].map((cdr) => [rowKey(cdr), cdr]))
    this.rows = [...merged.values()].sort(newestFirst).slice(0, logRowsMax)
  }

  async #read(query: { limit: number; cursor?: string }): Promise<CdrPage | undefined> {
    try {
      const page = await this.#source.listCdrs(query)
      this.failure = undefined
      return this.#isStopped ? undefined : page
    } catch (error) {
      this.failure = error instanceof ApiError ? error.message : String(error)
      this.#onChange()
      return undefined
    }
  }
}
