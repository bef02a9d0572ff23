import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { SiteId } from '../../contracts/names.ts'
import { ExportJobQuery } from '../../contracts/routes/exports.ts'
import { turnAt } from '../domain/fair-order.ts'
import { describeError, logOutcome } from '../log.ts'
import { ifAbsent, timeToLive } from './expressions.ts'
import { readFairly } from './lists-of-sites.ts'
import { type Item, Store } from './table.ts'
import { keys } from './table-keys.ts'

/** The parsed search: a number where the request has digits. */
const StoredQuery = v.looseObject({ ...ExportJobQuery.entries, minDuration: v.optional(v.number()) })

/** Text of rows that are too few for a part, compressed by Brotli. */
const StoredRest = v.looseObject({ rows: v.number(), text: v.instance(Uint8Array) })

/** An export whose file is written by parts (S3's multipart upload); `parts` are the ETags of the parts that are written. */
const StoredExportJob = v.looseObject({
  site: SiteId,
  id: v.string(),
  query: StoredQuery,
  /** True if the file has numbers and names; then only keys that may see them can find the job. */
  personal: v.boolean(),
  /** Key of the file in the bucket. */
  file: v.string(),
  state: v.picklist(['running', 'done', 'failed']),
  /** Rises with each save, so that of two concurrent writers the second one fails to save. */
  turn: v.number(),
  rows: v.number(),
  bytes: v.number(),
  upload: v.optional(v.string()),
  parts: v.array(v.string()),
  /** Exports the whole call log from this time on, without the limits of a search. */
  everythingSince: v.optional(v.string()),
  /** Cursor of the next part; absent before the first one. */
  cursor: v.optional(v.string()),
  /** Rows before the cursor that are in no part yet. */
  rest: v.optional(StoredRest),
  /** True if all rows are in the parts. */
  whole: v.optional(v.boolean()),
  askedAt: v.string(),
  /** Earliest start, Unix milliseconds. */
  notBefore: v.optional(v.number()),
  doneAt: v.optional(v.string()),
})
export type StoredExportJob = v.InferOutput<typeof StoredExportJob>
const Listed = v.looseObject({ site: SiteId, id: v.string() })
const ExportRef = v.looseObject({ site: SiteId, id: v.string(), file: v.string(), upload: v.optional(v.string()) })
export type ExportRef = v.InferOutput<typeof ExportRef>

/** Jobs handled by one invocation; the others wait a minute. */
const runningMax = 100
/** A job is kept for longer than its file. */
const keptSeconds = 40 * 86_400

/** A site has some exports a month, and a page holds hundreds. */
const pagesMax = 20

/** Stores export jobs, and a list of those that are not done. */
export class ExportJobStore extends Store {
  readonly #now: () => number
  constructor(db: DynamoDBDocumentClient, tableName: string, now: () => number = Date.now) {
    super(db, tableName)
    this.#now = now
  }

  /** Stores a job; the same id again changes nothing. Writes the list first: a listed job that does not exist is unlisted. */
  async create(job: StoredExportJob): Promise<void> {
    const { site, id } = job
    await this.table.put({ ...keys.exportRunning(site, id), site, id })
    await this.table.putIf(this.#row(job), ifAbsent)
  }

  async get(site: SiteId, id: string): Promise<StoredExportJob | undefined> {
    return this.table.get(StoredExportJob, keys.exportJob(site, id), 'consistent')
  }

  /** Returns the jobs that are not done, in a fair order of their sites. A job that cannot be read stops no other one. */
  async running(): Promise<StoredExportJob[]> {
    const listed = await readFairly(this.table, Listed, [keys.exportsRunning], {
      most: runningMax,
      turn: turnAt(this.#now()),
    })
    const jobs: StoredExportJob[] = []
    for (const { site, id } of listed) {
      try {
        const job = await this.get(site, id)
        if (job?.state === 'running') jobs.push(job)
        else await this.#unlist(site, id)
      } catch (error) {
        logOutcome('error', 'export-unreadable', { site, id, error: describeError(error) })
      }
    }
    return jobs
  }

  /** Returns the number of jobs of a site that are not done, at most `most`. */
  async countRunning(site: SiteId, most: number): Promise<number> {
    const { pk, sk } = keys.exportRunning(site, '')
    const query = { pk, sk: { beginsWith: sk }, read: 'consistent', limit: most } as const
    return (await this.table.page(v.looseObject({}), query)).items.length
  }

  /** Returns what a removal needs of each job of a site, also of a job that cannot be read as a whole. */
  async ofSite(site: SiteId): Promise<ExportRef[]> {
    return this.table.items(ExportRef, { pk: keys.exportJob(site, '').pk, read: 'consistent' }, pagesMax)
  }

  /** Saves the next turn of a job and returns it; undefined if another writer saved it meanwhile, or the job was removed. */
  async save(job: StoredExportJob, next: Partial<StoredExportJob>): Promise<StoredExportJob | undefined> {
    const saved: StoredExportJob = { ...job, ...next, turn: job.turn + 1 }
    const isSameTurn = { condition: 'turn = :turn', values: { turn: job.turn } }
    if (!(await this.table.putIf(this.#row(saved), isSameTurn))) return undefined
    if (saved.state !== 'running') await this.#unlist(saved.site, saved.id)
    return saved
  }

  async remove({ site, id }: ExportRef): Promise<void> {
    await this.table.delete(keys.exportJob(site, id))
    await this.#unlist(site, id)
  }

  #row(job: StoredExportJob): Item {
    return { ...keys.exportJob(job.site, job.id), ...job, ttl: timeToLive(this.#now(), keptSeconds) }
  }

  async #unlist(site: SiteId, id: string): Promise<void> {
    await this.table.delete(keys.exportRunning(site, id))
  }
}
