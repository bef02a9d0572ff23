import { ApiError, type CallPage } from '../client/call-log.ts'

export const searchPageRows = 50
/** Where 'newer' leads back to, page by page: 1,000 pages are 50,000 calls. */
const pagesBackMax = 1_000

export interface SearchSource {
  listCalls(query: Readonly<Record<string, string>>): Promise<CallPage>
}

/** What is typed into the form; empty fields do not count. */
export interface SearchForm {
  number: string
  side: 'party' | 'caller' | 'called'
  result: string
  direction: string
  minDuration: string
  /** Of a date field: `yyyy-mm-dd`, days of the reader's own clock. */
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

/** The query of a form. A day is the reader's own; `to` is the whole of it. */
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

/** One search and the page of it that is shown. An answer to an older question is dropped. */
export class CallSearch {
  page: CallPage = { calls: [] }
  isLoading = false
  failure: string | undefined
  readonly #source: SearchSource
  readonly #onChange: () => void
  /** Cursors of the pages up to this one; the first has none. */
  #cursors: (string | undefined)[] = [undefined]
  #query: Record<string, string> = {}
  #asked = 0

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
    this.#asked += 1
    const asked = this.#asked
    this.isLoading = true
    this.#onChange()
    try {
      const page = await this.#source.listCalls(
        cursor === undefined ? this.#query : { limit: String(searchPageRows), cursor },
      )
      if (asked !== this.#asked) return
      this.page = page
      this.#cursors = cursors
      this.failure = undefined
    } catch (error) {
      if (asked !== this.#asked) return
      this.failure = error instanceof ApiError ? error.message : String(error)
    }
    this.isLoading = false
    this.#onChange()
  }
}
