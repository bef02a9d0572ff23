import { exportParts } from '../client/export-parts.ts'
import { createApi } from '../client/http-client.ts'
import { exportRoutes } from '../contracts/routes/exports.ts'
import type { Connection } from './connection.ts'
import { number, t } from './language.ts'
import { refusalSentence } from './refusals.ts'

const route = 'GET /v1/sites/{site}/cdrs/export'
/** 40 parts: 10 MB of the report, 80 MB of all fields, which the page holds until the file is whole. */
const rowsMax = 200_000

/** The values of the export form. An empty separator is the one of the site's language. */
export interface ExportChoice {
  format: 'xlsx' | 'csv'
  preset: 'report' | 'full'
  separator: '' | 'semicolon' | 'comma' | 'tab'
}

/** Reads the records of a search part by part and hands them over as one file. */
export class CallExport {
  isBusy = false
  failure: string | undefined
  /** Rows read so far. */
  rows = 0
  isDone = false
  readonly #api
  readonly #site: string
  readonly #save: (name: string, file: Blob) => void
  readonly #onChange: () => void

  constructor({ apiUrl, site, key }: Connection, save: (name: string, file: Blob) => void, onChange: () => void) {
    this.#api = createApi({ apiUrl, site, key }, exportRoutes)
    this.#site = site
    this.#save = save
    this.#onChange = onChange
  }

  async start(search: Readonly<Record<string, string>>, { separator, ...form }: ExportChoice): Promise<void> {
    const shape = { ...form, ...(separator !== '' && form.format === 'csv' && { separator }) }
    Object.assign(this, { isBusy: true, isDone: false, failure: undefined, rows: 0 })
    this.#onChange()
    try {
      const parts = await this.#read({ ...search, ...shape }, shape)
      if (parts) this.#save(`${this.#site}-cdrs.${form.format}`, new Blob(parts))
      else this.failure = t('export.tooMany', { rows: number(rowsMax) })
      this.isDone = parts !== undefined
    } catch (error) {
      this.failure = refusalSentence(error)
    }
    this.isBusy = false
    this.#onChange()
  }

  /** Returns the parts of the file, undefined if it has more rows than the page holds. */
  async #read(first: Readonly<Record<string, string>>, shape: Readonly<Record<string, string>>) {
    const parts: (string | Uint8Array<ArrayBuffer>)[] = []
    const read = (cursor: string | undefined) =>
      this.#api(route, { query: cursor === undefined ? first : { ...shape, cursor } })
    for await (const { body, rows, hasMore } of exportParts(read)) {
      parts.push(body)
      this.rows += rows
      this.#onChange()
      if (hasMore && this.rows >= rowsMax) return undefined
    }
    return parts
  }
}

/** Lets the browser save a file. */
export function saveFile(name: string, file: Blob): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  link.click()
  // The browser has started to read the file by the next task, and reads it to its end.
  setTimeout(() => URL.revokeObjectURL(link.href))
}
