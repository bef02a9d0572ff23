import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { SiteId } from '../../contracts/names.ts'
import { ExportJobQuery } from '../../contracts/routes/exports.ts'
import { isConditionFailed, timeToLive } from './table.ts'
import { keys } from './table-keys.ts'

/** A file that grows by parts (S3's multipart upload); what is in `parts` is written for good. */
const StoredExportJob = v.looseObject({
  site: SiteId,
  id: v.string(),
  query: ExportJobQuery,
  /** Whether numbers and names are in it; only who may see them is told of it. */
  personal: v.boolean(),
  /** Where the file stands in the bucket. */
  file: v.string(),
  state: v.picklist(['running', 'done', 'failed']),
  /** Rises with each save: of two that carry on at once, the second finds it changed. */
  turn: v.number(),
  rows: v.number(),
  bytes: v.number(),
  upload: v.optional(v.string()),
  parts: v.array(v.string()),
  /** All of the call log from then on, past the bounds of a search. */
  everythingSince: v.optional(v.string()),
  /** Where the next part begins; absent before the first one. */
  cursor: v.optional(v.string()),
  /** All rows are in the parts. */
  whole: v.optional(v.boolean()),
  askedAt: v.string(),
  /** Not begun before, Unix milliseconds. */
  notBefore: v.optional(v.number()),
  doneAt: v.optional(v.string()),
})
export type StoredExportJob = v.InferOutput<typeof StoredExportJob>
const Listed = v.looseObject({ site: SiteId, id: v.string() })

/** Jobs looked at in one invocation; the others wait a minute. */
const runningMax = 100
/** A job is told of for longer than its file is kept. */
const keptSeconds = 40 * 86_400

export class ExportJobStore {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  readonly #now: () => number
  constructor(db: DynamoDBDocumentClient, table: string, now: () => number = Date.now) {
    this.#db = db
    this.#table = table
    this.#now = now
  }

  /** Listed first: a job that is listed and not there is taken off the list. Asked again under its id, it is the same one. */
  async ask(job: StoredExportJob): Promise<void> {
    const { site, id } = job
    await this.#put({ ...keys.exportRunning(site, id), site, id })
    try {
      await this.#put(this.#row(job), 'attribute_not_exists(pk)')
    } catch (error) {
      if (!isConditionFailed(error)) throw error
    }
  }

  async get(site: SiteId, id: string): Promise<StoredExportJob | undefined> {
    const { Item } = await this.#db.send(
      new GetCommand({ TableName: this.#table, Key: keys.exportJob(site, id), ConsistentRead: true }),
    )
    return Item && v.parse(StoredExportJob, Item)
  }

  /** Jobs of all sites that are not done. */
  async running(): Promise<StoredExportJob[]> {
    const listed = (await this.#query(keys.exportsRunning, runningMax)).map((item) => v.parse(Listed, item))
    const jobs: StoredExportJob[] = []
    for (const { site, id } of listed) {
      const job = await this.get(site, id)
      if (job?.state === 'running') jobs.push(job)
      else await this.#unlist(site, id)
    }
    return jobs
  }

  /** Of one site, done ones too. */
  async ofSite(site: SiteId): Promise<StoredExportJob[]> {
    return (await this.#query(keys.exportJob(site, '').pk)).map((item) => v.parse(StoredExportJob, item))
  }

  /** Saves the next turn of a job; false if another has saved one meanwhile, or the job is gone. */
  async save(job: StoredExportJob, next: Partial<StoredExportJob>): Promise<StoredExportJob | undefined> {
    const saved: StoredExportJob = { ...job, ...next, turn: job.turn + 1 }
    try {
      await this.#put(this.#row(saved), 'turn = :turn', { ':turn': job.turn })
    } catch (error) {
      if (isConditionFailed(error)) return undefined
      throw error
    }
    if (saved.state !== 'running') await this.#unlist(saved.site, saved.id)
    return saved
  }

  async remove({ site, id }: StoredExportJob): Promise<void> {
    await this.#db.send(new DeleteCommand({ TableName: this.#table, Key: keys.exportJob(site, id) }))
    await this.#unlist(site, id)
  }

  #row(job: StoredExportJob): Record<string, unknown> {
    return { ...keys.exportJob(job.site, job.id), ...job, ttl: timeToLive(this.#now(), keptSeconds) }
  }

  async #unlist(site: SiteId, id: string): Promise<void> {
    await this.#db.send(new DeleteCommand({ TableName: this.#table, Key: keys.exportRunning(site, id) }))
  }

  async #put(
    Item: Record<string, unknown>,
    ConditionExpression?: string,
    ExpressionAttributeValues?: Record<string, unknown>,
  ): Promise<void> {
    await this.#db.send(
      new PutCommand({ TableName: this.#table, Item, ConditionExpression, ExpressionAttributeValues }),
    )
  }

  async #query(pk: string, Limit?: number): Promise<unknown[]> {
    // A site has some exports a month; 1 MB would hold hundreds.
    const { Items = [] } = await this.#db.send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': pk },
        ConsistentRead: true,
        Limit,
      }),
    )
    return Items
  }
}
