import type { CallPage } from '../client/call-log.ts'
import type { Clock } from '../client/clock.ts'
import type { Call } from '../contracts/calls.ts'
import { refusalSentence } from './refusals.ts'

export const logPageRows = 25
/** 20 pages. To find older calls, a person uses the search. */
export const logRowsMax = 500
/** The CDRs of a call are stored within seconds after its end. Some calls never write one. */
const awaitedMsMax = 10_000
const firstWaitMs = 250
const waitMsMax = 2_000

export interface CallSource {
  listCalls(query: Readonly<Record<string, string>>): Promise<CallPage>
}

const newestFirst = (a: Call, b: Call) => Date.parse(b.startedAt) - Date.parse(a.startedAt)

/** The latest calls, page by page. Reads the newest page again whenever a live call has ended. */
export class CallLog {
  rows: readonly Call[] = []
  isLoaded = false
  isLoadingOlder = false
  /** Why the last request failed; undefined after one succeeds. */
  failure: string | undefined
  readonly #source: CallSource
  readonly #clock: Clock
  readonly #onChange: () => void
  #cursor: string | undefined
  /** When to stop waiting for each call, by linkedid, and how many CDRs it had at the last look. */
  readonly #awaited = new Map<string, { untilMs: number; legs: number | undefined }>()
  #waitMs = firstWaitMs
  #cancelWait: (() => void) | undefined
  #isStopped = false

  constructor(source: CallSource, clock: Clock, onChange: () => void) {
    this.#source = source
    this.#clock = clock
    this.#onChange = onChange
  }

  get hasOlder(): boolean {
    return this.#cursor !== undefined && this.rows.length < logRowsMax
  }

  async refresh(): Promise<void> {
    const page = await this.#read({})
    if (!page) return
    const known = new Set(this.rows.map(({ call }) => call))
    // Without a common row, calls may be missing between the rows and this page. So start again with it.
    const joins = page.calls.some(({ call }) => known.has(call)) || page.cursor === undefined
    if (!joins || !this.isLoaded) {
      this.rows = []
      this.#cursor = page.cursor
    }
    this.#merge(page.calls)
    this.isLoaded = true
    this.#onChange()
  }

  async older(): Promise<void> {
    if (this.#cursor === undefined || this.isLoadingOlder) return
    this.isLoadingOlder = true
    this.#onChange()
    const page = await this.#read({ cursor: this.#cursor })
    this.isLoadingOlder = false
    if (page) {
      this.#cursor = page.cursor
      this.#merge(page.calls)
    }
    this.#onChange()
  }

  /** Reads the log again until it has an ended call and no more CDRs of it arrive, for 10 s at most. */
  awaitRecord(linkedid: string): void {
    this.#awaited.set(linkedid, { untilMs: this.#clock.now() + awaitedMsMax, legs: undefined })
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
    for (const [linkedid, { untilMs, legs: before }] of this.#awaited) {
      const legs = this.rows.find(({ call }) => call === linkedid)?.legs
      const isWhole = legs !== undefined && legs === before
      if (isWhole || this.#clock.now() >= untilMs) this.#awaited.delete(linkedid)
      else this.#awaited.set(linkedid, { untilMs, legs })
    }
    this.#lookLater()
  }

  #merge(calls: readonly Call[]): void {
    const merged = new Map([...this.rows, ...calls].map((call) => [call.call, call]))
    this.rows = [...merged.values()].sort(newestFirst).slice(0, logRowsMax)
  }

  async #read(query: { cursor?: string }): Promise<CallPage | undefined> {
    try {
      const page = await this.#source.listCalls({ limit: String(logPageRows), ...query })
      this.failure = undefined
      return this.#isStopped ? undefined : page
    } catch (error) {
      this.failure = refusalSentence(error)
      this.#onChange()
      return undefined
    }
  }
}
