import { ApiError, createApi } from '../client/http-client.ts'
import type { Grade, Honour } from '../contracts/grades.ts'
import { gradeRoutes, type UploadResult } from '../contracts/routes/grades.ts'
import type { Connection } from './connection.ts'

/** Faulty rows that the page shows at once. */
export const faultsShownMax = 50

/** Looks up and corrects one mark, and checks and uploads files of marks. */
export class Marks {
  mark: Grade | undefined
  upload: UploadResult | undefined
  failure: string | undefined
  isBusy = false
  #etag = ''
  readonly #api
  readonly #onChange: () => void

  constructor({ apiUrl, site, key }: Connection, onChange: () => void) {
    this.#api = createApi({ apiUrl, site, key }, gradeRoutes)
    this.#onChange = onChange
  }

  find(matricule: string): Promise<void> {
    return this.#run(async () =>
      this.#show(await this.#api('GET /v1/sites/{site}/grades/{matricule}', { path: { matricule } })),
    )
  }

  /** Replaces the mark that is shown. The API refuses this if someone else has changed it since. */
  correct(note: number, mention: Honour | undefined): Promise<void> {
    const { matricule = '' } = this.mark ?? {}
    const request = { path: { matricule }, body: { note, mention }, headers: { 'if-match': this.#etag } }
    return this.#run(async () => this.#show(await this.#api('PUT /v1/sites/{site}/grades/{matricule}', request)))
  }

  /** Uploads all rows, or none if one is faulty. A dry run writes nothing and only reports the faults. */
  send(csv: string, isDryRun: boolean): Promise<void> {
    this.upload = undefined
    const request = { query: { dryRun: isDryRun ? ('true' as const) : ('false' as const) }, body: { csv } }
    return this.#run(async () => {
      this.upload = (await this.#api('POST /v1/sites/{site}/grades', request)).body
    })
  }

  #show({ headers, body }: { headers: Headers; body: Grade }): void {
    this.#etag = headers.get('etag') ?? ''
    this.mark = body
  }

  async #run(act: () => Promise<void>): Promise<void> {
    this.isBusy = true
    this.failure = undefined
    this.#onChange()
    try {
      await act()
    } catch (error) {
      this.failure = sentenceOf(error)
    }
    this.isBusy = false
    this.#onChange()
  }
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error)
  const faults = error.errors?.slice(0, faultsShownMax).map(({ field, message }) => `${field}: ${message}.`) ?? []
  return [error.message, ...faults].join(' ')
}
