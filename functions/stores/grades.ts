import { randomUUID } from 'node:crypto'
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb'
import * as v from 'valibot'
import { Honour, Matricule, Note, Scale, usualScale } from '../../contracts/grades.ts'
import { type SiteId, Timestamp } from '../../contracts/names.ts'
import { Window } from './lookup-tries.ts'
import { unlessConditionFailed } from './table.ts'
import { keys } from './table-keys.ts'

/** A mark as it stands. `mention` is there only if it was given; `tag` is new with each write; `pinHash` is a fingerprint. */
const GradeItem = v.looseObject({
  matricule: Matricule,
  note: Note,
  mention: v.optional(Honour),
  pinHash: v.optional(v.string()),
  updatedAt: Timestamp,
  tag: v.string(),
})
export type GradeItem = v.InferOutput<typeof GradeItem>
export type NewGrade = Pick<GradeItem, 'matricule' | 'note' | 'mention' | 'pinHash' | 'updatedAt'>
const ScaleItem = v.looseObject({ scale: Scale })

/** What must be there for a write to be done: a certain version, nothing, or whatever is. */
export type Expected = { tag: string } | 'nothing' | 'anything'

/** What a lookup stands on; of `windows` those that are known. */
export interface LookupData {
  item: GradeItem | undefined
  scale: Scale
  windows: (Window | undefined)[]
}

/** DynamoDB's own limit of a batch. */
const batchMax = 25
/** Batches at once: 10,000 rows are 400 batches, in 25 rounds of some 10 ms. */
const batchesAtOnce = 16
/** Rounds for what DynamoDB did not take at once; after them the upload is answered as failed and may be sent again. */
const roundsMax = 5

/** Marks and how they are read. */
export class GradeStore {
  readonly #db: DynamoDBDocumentClient
  readonly #table: string
  constructor(db: DynamoDBDocumentClient, table: string) {
    this.#db = db
    this.#table = table
  }

  async get(site: SiteId, matricule: string): Promise<GradeItem | undefined> {
    const Key = keys.grade(site, matricule)
    const { Item } = await this.#db.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }))
    return Item && v.parse(GradeItem, Item)
  }

  /** A mark, how it is read, and the windows of whoever tries to, in one request. */
  async getForLookup(site: SiteId, matricule: string, whose: readonly string[]): Promise<LookupData> {
    const [grade, scale, tries] = [
      keys.grade(site, matricule),
      keys.gradeScale(site),
      whose.map((who) => keys.lookupTries(site, who)),
    ]
    const RequestItems = { [this.#table]: { Keys: [grade, scale, ...tries], ConsistentRead: true } }
    const { Responses, UnprocessedKeys } = await this.#db.send(new BatchGetCommand({ RequestItems }))
    if (UnprocessedKeys?.[this.#table]) return this.#oneByOne(site, matricule)
    const items = Responses?.[this.#table] ?? []
    const at = ({ pk, sk }: { pk: string; sk: string }) => items.find((item) => item['pk'] === pk && item['sk'] === sk)
    const [item, given] = [at(grade), at(scale)]
    return {
      item: item && v.parse(GradeItem, item),
      scale: given ? v.parse(ScaleItem, given).scale : usualScale,
      windows: tries.map((key) => v.parse(v.optional(Window), at(key))),
    }
  }

  /**
   * DynamoDB leaves out of a batch what it is too busy for, while the SDK asks again for what is read by itself. The windows are
   * left to the write that counts a try, which is told of them all the same.
   */
  async #oneByOne(site: SiteId, matricule: string): Promise<LookupData> {
    const [item, scale] = await Promise.all([this.get(site, matricule), this.scale(site)])
    return { item, scale, windows: [] }
  }

  /** The stored mark, or undefined if what stands there is not what was expected. */
  async put(site: SiteId, grade: NewGrade, expected: Expected): Promise<GradeItem | undefined> {
    const item = { ...grade, tag: randomUUID() }
    const Item = { ...keys.grade(site, grade.matricule), ...item }
    const done = await unlessConditionFailed(
      this.#db.send(new PutCommand({ TableName: this.#table, Item, ...condition(expected) })),
    )
    return done ? item : undefined
  }

  /** False if what stands there is not what was expected. */
  async delete(site: SiteId, matricule: string, expected: { tag: string } | 'anything'): Promise<boolean> {
    const Key = keys.grade(site, matricule)
    const must = expected === 'anything' ? { ConditionExpression: 'attribute_exists(pk)' } : condition(expected)
    return unlessConditionFailed(this.#db.send(new DeleteCommand({ TableName: this.#table, Key, ...must })))
  }

  async list(site: SiteId, after: string | undefined, limit: number): Promise<GradeItem[]> {
    const { Items = [] } = await this.#db.send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk AND sk > :after',
        ExpressionAttributeValues: { ':pk': keys.grade(site, '').pk, ':after': after ?? ' ' },
        Limit: limit,
      }),
    )
    return Items.map((item) => v.parse(GradeItem, item))
  }

  /** Writes them all over what is there. The same rows again do the same, so a failed upload is sent again. */
  async putAll(site: SiteId, grades: readonly NewGrade[]): Promise<void> {
    const puts = grades.map((grade) => ({
      PutRequest: { Item: { ...keys.grade(site, grade.matricule), ...grade, tag: randomUUID() } },
    }))
    const batches = Array.from({ length: Math.ceil(puts.length / batchMax) }, (_, n) =>
      puts.slice(n * batchMax, (n + 1) * batchMax),
    )
    for (let n = 0; n < batches.length; n += batchesAtOnce) {
      await Promise.all(batches.slice(n, n + batchesAtOnce).map((batch) => this.#putBatch(batch)))
    }
  }

  async #putBatch(batch: object[]): Promise<void> {
    let left: object[] = batch
    for (let round = 0; left.length > 0; round++) {
      if (round === roundsMax) throw new Error(`the table did not take ${left.length} marks`)
      const { UnprocessedItems } = await this.#db.send(new BatchWriteCommand({ RequestItems: { [this.#table]: left } }))
      left = UnprocessedItems?.[this.#table] ?? []
    }
  }

  async scale(site: SiteId): Promise<Scale> {
    const Key = keys.gradeScale(site)
    const { Item } = await this.#db.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead: true }))
    return Item ? v.parse(ScaleItem, Item).scale : usualScale
  }

  async putScale(site: SiteId, scale: Scale): Promise<void> {
    await this.#db.send(new PutCommand({ TableName: this.#table, Item: { ...keys.gradeScale(site), scale } }))
  }
}

function condition(expected: Expected) {
  if (expected === 'anything') return {}
  if (expected === 'nothing') return { ConditionExpression: 'attribute_not_exists(pk)' }
  return { ConditionExpression: 'tag = :tag', ExpressionAttributeValues: { ':tag': expected.tag } }
}
