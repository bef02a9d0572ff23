import type { Call } from '../../contracts/calls.ts'
import type { CallSource } from '../call-log.ts'
import { refusalSentence } from '../refusals.ts'

/** Rows that the list holds; to see older ones, a person goes to a date. */
const callRowsMax = 2_000

/** One search that is read page by page as its list is scrolled. An answer to an earlier search is ignored. */
export class CallList {
  calls: readonly Call[] = []
  isLoading = false
  /** True once the first page has arrived. */
  isRead = false
  failure: string | undefined
  readonly #source: CallSource
  readonly #onChange: () => void
  #query: Readonly<Record<string, string>> = {}
  #cursor: string | undefined
  #search = 0

  constructor(source: CallSource, onChange: () => void) {
    this.#source = source
    this.#onChange = onChange
  }

  get hasOlder(): boolean {
    return this.#cursor !== undefined && this.calls.length < callRowsMax
  }

  get isCut(): boolean {
    return this.#cursor !== undefined && this.calls.length >= callRowsMax
  }

  search(query: Readonly<Record<string, string>>): Promise<void> {
    this.#search += 1
    this.#query = query
    this.#cursor = undefined
    this.isRead = false
    this.isLoading = false
    return this.#read(query, [])
  }

  /** Reads the next page; does nothing while a page is being read. */
  async older(): Promise<void> {
    if (this.#cursor === undefined || this.isLoading || !this.hasOlder) return
    const { limit = '50' } = this.#query
    await this.#read({ limit, cursor: this.#cursor }, this.calls)
  }

  async #read(query: Readonly<Record<string, string>>, before: readonly Call[]): Promise<void> {
    const search = this.#search
    this.isLoading = true
    this.failure = undefined
    this.#onChange()
    try {
      const page = await this.#source.listCalls(query)
      if (search !== this.#search) return
      const known = new Set(before.map(({ call }) => call))
      this.calls = [...before, ...page.calls.filter(({ call }) => !known.has(call))]
      this.#cursor = page.cursor
      this.isRead = true
    } catch (error) {
      if (search !== this.#search) return
      this.failure = refusalSentence(error)
    }
    this.isLoading = false
    this.#onChange()
  }
}
