import type { Grade } from '../contracts/grades.ts'
import type { UploadResult } from '../contracts/routes/grades.ts'
import { type Connection, siteAddress } from './connection.ts'

type Shown = Pick<Grade, 'matricule' | 'note' | 'mention'>
interface Refusal {
  detail?: string
  errors?: { field: string; message: string }[]
}

/** Faulty rows that are shown; a file with more is mended by more than one look. */
export const faultsShownMax = 50

/** One mark looked up and corrected, and files of marks tried and uploaded. */
export class Marks {
  mark: Shown | undefined
  upload: UploadResult | undefined
  failure: string | undefined
  isBusy = false
  #tag = ''
  readonly #connection: Connection
  readonly #onChange: () => void

  constructor(connection: Connection, onChange: () => void) {
    this.#connection = connection
    this.#onChange = onChange
  }

  find(matricule: string): Promise<void> {
    return this.#ask('GET', matricule, async (response) => this.#show(response))
  }

  /** Over what was found and nothing newer: another's change since then is refused. */
  correct(note: number, mention: string): Promise<void> {
    const { matricule = '' } = this.mark ?? {}
    const body = JSON.stringify({ note, ...(mention !== '' && { mention }) })
    return this.#ask('PUT', matricule, async (response) => this.#show(response), { body, 'if-match': this.#tag })
  }

  /** All rows or none; a dry run writes nothing and tells what is wrong. */
  send(csv: string, dryRun: boolean): Promise<void> {
    this.upload = undefined
    const take = async (response: Response) => {
      this.upload = (await response.json()) satisfies UploadResult
    }
    return this.#ask('POST', `?dryRun=${dryRun}`, take, { body: csv, 'content-type': 'text/csv' })
  }

  async #show(response: Response): Promise<void> {
    this.#tag = response.headers.get('etag') ?? ''
    this.mark = (await response.json()) satisfies Shown
  }

  async #ask(
    method: string,
    below: string,
    take: (response: Response) => Promise<void>,
    { body, ...headers }: { body?: string } & Record<string, string> = {},
  ): Promise<void> {
    const path = `grades${below.startsWith('?') ? below : `/${encodeURIComponent(below)}`}`
    this.isBusy = true
    this.failure = undefined
    this.#onChange()
    try {
      const given = { authorization: `Bearer ${this.#connection.key}`, 'content-type': 'application/json', ...headers }
      const init = { method, headers: given, ...(body && { body }) }
      const response = await fetch(siteAddress(this.#connection, path), init)
      if (response.ok) await take(response)
      else this.failure = refusalOf(await response.json())
    } catch (error) {
      this.failure = String(error)
    }
    this.isBusy = false
    this.#onChange()
  }
}

function refusalOf({ detail = '', errors = [] }: Refusal): string {
  return [detail, ...errors.slice(0, faultsShownMax).map(({ field, message }) => `${field}: ${message}.`)].join(' ')
}
