import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { SiteId } from '../../contracts/names.ts'
import { Receipt } from '../../contracts/site.ts'
import { isConditionFailed } from './table.ts'
import { keys } from './table-keys.ts'

const RemovalJob = v.looseObject({
  site: SiteId,
  id: v.string(),
  what: v.picklist(['site', 'number', 'student']),
  /** The number to erase; it goes with this row. */
  number: v.optional(v.string()),
  /** The student to erase; it goes with this row too. */
  matricule: v.optional(v.string()),
  askedAt: v.string(),
  /** When the first whole pass was over, in Unix milliseconds. */
  passedAt: v.optional(v.number()),
  removed: v.optional(v.record(v.string(), v.number()), {}),
  /** The export that a site's deletion begins with, once it is whole. */
  farewell: v.optional(v.object({ file: v.string(), rows: v.number(), bytes: v.number() })),
  /** Months in which something was found. */
  months: v.optional(v.array(v.string()), []),
})
export type RemovalJob = v.InferOutput<typeof RemovalJob>

/** Removals looked at in one invocation; the others wait a minute. */
const batchMax = 100

/** Deletions and erasures under way, and the receipts of all of them. */
export class RemovalStore {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
  }

  /** From here on it will be done, whatever becomes of the request. Asked again, it is the same one. */
  async ask(removal: RemovalJob): Promise<Receipt> {
    try {
      const Item = { ...this.#key(removal), ...removal }
      await this.#db.send(
        new PutCommand({ TableName: this.#table, Item, ConditionExpression: 'attribute_not_exists(pk)' }),
      )
    } catch (error) {
      if (!isConditionFailed(error)) throw error
    }
    return toReceipt(removal)
  }

  async all(): Promise<RemovalJob[]> {
    const { Items = [] } = await this.#db.send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': keys.removals },
        ConsistentRead: true,
        Limit: batchMax,
      }),
    )
    return Items.map((item) => v.parse(RemovalJob, item))
  }

  async save(removal: RemovalJob): Promise<void> {
    await this.#db.send(new PutCommand({ TableName: this.#table, Item: { ...this.#key(removal), ...removal } }))
  }

  /** The receipt first: a crash between the two leaves a removal that finds nothing and is finished once more. */
  async finish(removal: RemovalJob, now: number): Promise<void> {
    const receipt: Receipt = { ...toReceipt(removal), state: 'done', doneAt: new Date(now).toISOString() }
    const Item = { pk: keys.receipts(removal.site), sk: removal.id, ...receipt }
    await this.#db.send(new PutCommand({ TableName: this.#table, Item }))
    await this.#db.send(new DeleteCommand({ TableName: this.#table, Key: this.#key(removal) }))
  }

  async receipt(site: SiteId, id: string): Promise<Receipt | undefined> {
    const done = await this.#get({ pk: keys.receipts(site), sk: id })
    if (done) return v.parse(Receipt, done)
    const running = await this.#get({ pk: keys.removals, sk: `${site}#${id}` })
    return running === undefined ? undefined : toReceipt(v.parse(RemovalJob, running))
  }

  async #get(Key: { pk: string; sk: string }): Promise<unknown> {
    return (await this.#db.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }))).Item
  }

  #key({ site, id }: RemovalJob): { pk: string; sk: string } {
    return { pk: keys.removals, sk: `${site}#${id}` }
  }
}

function toReceipt({ id, site, what, askedAt, removed, farewell }: RemovalJob): Receipt {
  return { id, site, what, state: 'running', askedAt, removed: removed ?? {}, ...(farewell && { farewell }) }
}
