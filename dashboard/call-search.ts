import { ApiError, type CallPage } from '../client/call-log.ts'

export const searchPageRows = 50
/** How many pages the "newer" button can go back: 50,000 calls. */
const pagesBackMax = 1_000

export interface SearchSource {
  listCalls(query: Readonly<Record<string, string>>): Promise<CallPage>
}

/** The values of the search form. Empty fields are ignored. */
export interface SearchForm {
  number: string
  side: 'party' | 'caller' | 'called'
  result: string
  direction: string
  minDuration: string
  /** `yyyy-mm-dd`, a day in the time zone of the browser. */
  from: string
  to: string
}
export const emptyForm: SearchForm = {
  number: '',
  side: 'party',
  result: '',
  direction: '',
  minDuration: '',
  from: '',
  to: '',
}

/** Returns the query of a form. `to` includes the whole day. */
export function queryOf({ number, side, from, to, ...others }: SearchForm): Record<string, string> {
  const query: Record<string, string> = { limit: String(searchPageRows) }
  if (number.trim() !== '') query[side] = number.trim()
  for (const [name, value] of Object.entries(others)) if (value !== '') query[name] = value
  if (from !== '') query['from'] = instant(from, '00:00:00')
  if (to !== '') query['to'] = instant(to, '23:59:59')
  return query
}

function instant(day: string, time: string): string {
  const ms = Date.parse(`${day}T${time}`)
  return Number.isNaN(ms) ? `${day}T${time}Z` : `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/** One search and its current page. An answer to an earlier request is ignored. */
export class CallSearch {
  page: CallPage = { calls: [] }
  isLoading = false
  failure: string | undefined
  readonly #source: SearchSource
  readonly #onChange: () => void
  /** Cursors of the pages up to the current one. The first page has none. */
  #cursors: (string | undefined)[] = [undefined]
  #query: Record<string, string> = {}
  #requests = 0

  constructor(source: SearchSource, onChange: () => void) {
    this.#source = source
    this.#onChange = onChange
  }

  get pageNumber(): number {
    return this.#cursors.length
  }
  get hasOlder(): boolean {
    return this.page.cursor !== undefined && this.#cursors.length < pagesBackMax
  }

  /** Query of an export of the records of this search. Records have no result, and a file no page. */
  get exportQuery(): Record<string, string> {
    const { limit: _limit, result: _result, ...query } = this.#query
    return { ...query, order: 'oldest' }
  }

  search(form: SearchForm): Promise<void> {
    this.#query = queryOf(form)
    return this.#turn([undefined])
  }

  older(): Promise<void> {
    return this.#turn([...this.#cursors, this.page.cursor])
  }

  newer(): Promise<void> {
    return this.#turn(this.#cursors.slice(0, -1))
  }

  async #turn(cursors: (string | undefined)[]): Promise<void> {
    const cursor = cursors.at(-1)
    this.#requests += 1
    const request = this.#requests
    this.isLoading = true
    this.#onChange()
    try {
      const page = await this.#source.listCalls(
        cursor === undefined ? this.#query : { limit: String(searchPageRows), cursor },
      )
      if (request !== this.#requests) return
      this.page = page
      this.#cursors = cursors
      this.failure = undefined
    } catch (error) {
      if (request !== this.#requests) return
      this.failure = error instanceof ApiError ? error.message : String(error)
    }
    this.isLoading = false
    this.#onChange()
  }
}
